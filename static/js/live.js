// Filter as you type: asks the server for the list of what was typed so far and puts it into the page.
export function followTyping() {
  for (const field of document.querySelectorAll("[data-live]")) {
    const input = field.querySelector("[data-live-query]");
    const region = field.querySelector("[data-live-region]");
    const button = field.querySelector("[data-live-button]");
    let timer = 0;
    let running = null;
    const ask = async (pressed) => {
      running?.abort();
      running = new AbortController();
      const address = new URL(field.dataset.live, location.href);
      address.searchParams.set("q", input.value);
      const chosen = region.querySelector("input:checked");
      if (chosen) address.searchParams.set("chosen", chosen.value);
      try {
        const answer = await fetch(address, { headers: { "X-Fragment": "1" }, signal: running.signal });
        if (!answer.ok) return;
        const list = await answer.text();
        // Whoever chose while the answer was under way keeps the choice.
        const late = region.querySelector("input:checked");
        if (late && late.value !== chosen?.value) return;
        region.innerHTML = list;
      } catch (error) {
        if (pressed && error.name !== "AbortError") input.form.requestSubmit(button);
      }
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => ask(false), 200);
    });
    button.addEventListener("click", (event) => {
      event.preventDefault();
      ask(true);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      ask(true);
    });
  }
}
