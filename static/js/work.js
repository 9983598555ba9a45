// A little work for the browser while its owner reads, so that nobody sends reports by the thousand.
for (const field of document.querySelectorAll("input[data-work]")) {
  if (field.value) continue;
  const worker = new Worker(field.dataset.worker);
  worker.addEventListener("message", (event) => {
    if (event.data >= 0) field.value = event.data;
    worker.terminate();
  });
  worker.postMessage({
    challenge: field.dataset.work,
    target: field.dataset.target,
    largest: Number(field.dataset.largest),
  });
}
