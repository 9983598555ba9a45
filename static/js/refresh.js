// Asks again for a part of this page until the server says that nothing changes any more.
export function refreshParts() {
  for (const part of document.querySelectorAll("[data-refresh]")) {
    let failures = 0;
    const ask = async () => {
      try {
        const answer = await fetch(location.href, { headers: { "X-Fragment": "1" } });
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        const fresh = document.createElement("div");
        fresh.innerHTML = await answer.text();
        failures = 0;
        update(part, fresh);
        if (!fresh.querySelector("[data-unfinished]")) {
          document.querySelector("[data-refresh-again]")?.remove();
          return;
        }
      } catch {
        failures += 1;
      }
      // A server that does not answer is asked more and more rarely; the link on the page stays.
      setTimeout(ask, 1000 * Math.min(2 ** failures, 60));
    };
    if (part.querySelector("[data-unfinished]")) setTimeout(ask, 1000);
  }
}

// The bar and its text stay the same elements, so that a reader hears the figures and not the whole list again.
function update(part, fresh) {
  const bar = part.querySelector("progress");
  const text = part.querySelector("[role=status]");
  const newBar = fresh.querySelector("progress");
  const newText = fresh.querySelector("[role=status]");
  bar.value = newBar.value;
  if (text.textContent !== newText.textContent) text.textContent = newText.textContent;
  part.querySelector("[data-refresh-list]").replaceChildren(...fresh.querySelector("[data-refresh-list]").childNodes);
}
