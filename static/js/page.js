// Small aids; every page works without them.
import { guardForms } from "./once.js";
import { growRows } from "./rows.js";
import { followTyping } from "./live.js";

document.querySelector("[data-error-summary]")?.focus();
for (const link of document.querySelectorAll("[data-error-summary] a")) {
  link.addEventListener("click", (event) => {
    const control = document.getElementById(link.hash.slice(1));
    if (!control) return;
    event.preventDefault();
    (control.closest(".field") ?? control).scrollIntoView({ block: "start" });
    control.focus({ preventScroll: true });
  });
}

guardForms();
growRows();
followTyping();
