// Forms that ask for a passkey: the server's question goes to the browser, its answer into the form, and the form off.
const toBytes = (text) => {
  const plain = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
};
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

export function offerPasskeys() {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", (event) => {
      const by = form.dataset.passkeyBy;
      if (by && event.submitter?.name !== by) return;
      const answer = form.elements[form.dataset.passkeyInto ?? "credential"];
      if (answer.value) return;
      event.preventDefault();
      delete form.dataset.sent;
      ask(form, answer);
    });
  }
}

async function ask(form, answer) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  const button = form.querySelector("button[aria-busy]") ?? form.querySelector("button");
  try {
    if (!window.PublicKeyCredential) throw new Error("missing");
    const question = await fetch(form.dataset.question, {
      method: "POST",
      body: new URLSearchParams({ csrf_token: form.elements.csrf_token.value, kind: form.dataset.passkey }),
      headers: { Accept: "application/json" },
    });
    if (!question.ok) throw new Error("refused");
    const options = await question.json();
    const given = form.dataset.passkey === "new" ? await create(options) : await get(options);
    answer.value = JSON.stringify(given);
    form.requestSubmit(submitterOf(form));
  } catch (error) {
    const why = error.message === "missing" ? "missing" : error.name === "InvalidStateError" ? "known" : "refused";
    problem.textContent = problem.dataset[why];
    problem.hidden = false;
    for (const each of form.querySelectorAll("button[type=submit]")) each.removeAttribute("aria-disabled");
    button?.focus();
  }
}

function submitterOf(form) {
  return form.dataset.passkeyBy ? form.querySelector(`button[name="${form.dataset.passkeyBy}"]`) : undefined;
}

async function create(options) {
  options.challenge = toBytes(options.challenge);
  options.user.id = toBytes(options.user.id);
  for (const known of options.excludeCredentials ?? []) known.id = toBytes(known.id);
  const made = await navigator.credentials.create({ publicKey: options });
  return {
    id: made.id,
    rawId: toText(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: toText(made.response.clientDataJSON),
      attestationObject: toText(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function get(options) {
  options.challenge = toBytes(options.challenge);
  for (const known of options.allowCredentials ?? []) known.id = toBytes(known.id);
  const shown = await navigator.credentials.get({ publicKey: options });
  return {
    id: shown.id,
    rawId: toText(shown.rawId),
    type: shown.type,
    response: {
      clientDataJSON: toText(shown.response.clientDataJSON),
      authenticatorData: toText(shown.response.authenticatorData),
      signature: toText(shown.response.signature),
      userHandle: shown.response.userHandle ? toText(shown.response.userHandle) : null,
    },
  };
}
