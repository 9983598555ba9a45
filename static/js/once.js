// A second press of a button sends nothing. After the back button the page starts anew.
export function guardForms() {
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
      // Should no answer come (a lost network, a download), the form can be sent again.
      setTimeout(() => release(form), 10000);
    });
  }
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach(release));
}

function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[type=submit]")) button.removeAttribute("aria-disabled");
}
