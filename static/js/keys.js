// Keys for those who read many files a day. Each key follows a link that stands on the page, so nothing needs them.
const LINKS = { j: "next", n: "next", k: "prev", p: "prev", q: "queue" };

export function listenForKeys() {
  const help = document.querySelector("[data-key-help]");
  if (!help) return;
  for (const hint of document.querySelectorAll("[data-key-hint]")) hint.hidden = false;
  const open = document.querySelector("[data-key-open]");
  open?.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || help.open) return;
    if (event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]")) return;
    if (event.key === "?") {
      event.preventDefault();
      help.showModal();
      return;
    }
    const key = event.key.toLowerCase();
    if (key === "a") {
      const part = document.querySelector("[data-decide]");
      if (!part) return;
      event.preventDefault();
      part.scrollIntoView({ block: "nearest" });
      part.focus();
      return;
    }
    const link = LINKS[key] && document.querySelector(`a[data-key="${LINKS[key]}"]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
}
