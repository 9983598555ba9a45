// Warns before a session ends by itself. All open pages of one browser share the session, and tell each other.
export function watchIdle() {
  const dialog = document.querySelector("dialog[data-idle]");
  if (!dialog) return;
  const warning = Number(dialog.dataset.warning) * 1000;
  const time = dialog.querySelector("[data-idle-time]");
  const stay = dialog.querySelector("[data-idle-stay]");
  const token = document.querySelector("#sign-out [name=csrf_token]").value;
  const others = "BroadcastChannel" in window ? new BroadcastChannel("staff-session") : null;
  let end = 0;
  let over = false;

  const goOn = (seconds) => {
    end = Date.now() + seconds * 1000;
    if (dialog.open && !over) dialog.close();
  };
  const finish = () => {
    over = true;
    dialog.querySelector("[data-idle-soon]").hidden = true;
    dialog.querySelector("[data-idle-over]").hidden = false;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("[data-idle-over] a").focus();
  };
  const look = () => {
    if (over) return;
    const left = end - Date.now();
    if (left <= 0) finish();
    else if (left <= warning) {
      const seconds = Math.ceil(left / 1000);
      time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (!dialog.open) {
        dialog.showModal();
        stay.focus();
      }
    }
  };

  stay.addEventListener("click", async () => {
    try {
      const answer = await fetch(stay.dataset.idleStay, {
        method: "POST",
        body: new URLSearchParams({ csrf_token: token }),
        headers: { Accept: "application/json" },
      });
      if (answer.redirected || !answer.ok) finish();
      else {
        const { left } = await answer.json();
        goOn(left);
        others?.postMessage(left);
      }
    } catch {
      // No network: the time goes on, and the button can be pressed again.
    }
  });
  // Escape means the same as the button: whoever presses it is there.
  dialog.addEventListener("cancel", (event) => {
    if (over) return;
    event.preventDefault();
    stay.click();
  });
  others?.addEventListener("message", (event) => goOn(event.data));
  goOn(Number(dialog.dataset.left));
  others?.postMessage(Number(dialog.dataset.left));
  setInterval(look, 1000);
  look();
}
