// Ticking rows: one box for all of this page, and a count that is spoken. Without this every row is ticked by itself.
export function countPicked() {
  for (const form of document.querySelectorAll("[data-pick]")) {
    const boxes = [...form.querySelectorAll(".pick-box")];
    if (!boxes.length) continue;
    const all = document.createElement("input");
    all.type = "checkbox";
    all.id = "chon-tat-ca-trang";
    all.className = "pick-box";
    const label = document.createElement("label");
    label.className = "pick-label";
    label.htmlFor = all.id;
    label.textContent = `${form.dataset.all} (${boxes.length})`;
    form.querySelector("[data-pick-all]").append(all, label);
    const told = form.querySelector("[data-pick-count]");
    const tell = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      all.checked = chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
      form.toggleAttribute("data-some", chosen > 0);
      told.textContent = form.dataset.count.replace("{n}", String(chosen));
    };
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      tell();
    });
    form.addEventListener("change", tell);
    // After the back button the browser has ticked again what was ticked.
    window.addEventListener("pageshow", tell);
    tell();
  }
}
