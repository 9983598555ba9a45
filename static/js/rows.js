// Adds and removes rows in place; without this the same buttons ask the server for the changed page.
export function growRows() {
  for (const list of document.querySelectorAll("[data-rows]")) {
    const add = list.querySelector("[data-add-row]");
    add?.addEventListener("click", (event) => {
      event.preventDefault();
      const rows = list.querySelectorAll("[data-row]");
      if (rows.length >= Number(list.dataset.most)) return;
      const copy = rows[rows.length - 1].cloneNode(true);
      copy.classList.remove("row--wrong");
      copy.querySelector(".field-error")?.remove();
      const input = copy.querySelector("input");
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      add.before(copy);
      renumber(list);
      input.focus();
    });
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-remove-row]");
      if (!button) return;
      event.preventDefault();
      button.closest("[data-row]").remove();
      renumber(list);
      list.querySelector("[data-row] input")?.focus();
    });
  }
}

function renumber(list) {
  const rows = [...list.querySelectorAll("[data-row]")];
  const base = rows[0].querySelector("input").id.replace(/-\d+$/, "");
  rows.forEach((row, index) => {
    const number = String(index + 1);
    const input = row.querySelector("input");
    const error = row.querySelector(".field-error");
    input.id = `${base}-${number}`;
    if (error) {
      error.id = `${input.id}-error`;
      input.setAttribute("aria-describedby", error.id);
    }
    const label = row.querySelector("label");
    label.htmlFor = input.id;
    label.textContent = list.dataset.label.replace("{n}", number);
    let button = row.querySelector("[data-remove-row]");
    if (rows.length === 1) {
      button?.remove();
      return;
    }
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "button button--quiet";
      button.dataset.removeRow = "";
      row.querySelector(".row-controls").append(button);
    }
    button.value = String(index);
    button.textContent = list.dataset.remove.replace("{n}", number);
  });
  const add = list.querySelector("[data-add-row]");
  if (add) add.hidden = rows.length >= Number(list.dataset.most);
}
