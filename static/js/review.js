// Queues and reviews: improvements over forms that work alone.

// A choice in a filter takes effect at once; its button is for those without scripts.
for (const field of document.querySelectorAll("[data-submit]")) {
  const button = field.form.querySelector("button");
  if (button) button.hidden = true;
  field.addEventListener("change", () => field.form.requestSubmit());
}
