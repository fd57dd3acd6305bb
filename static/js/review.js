// Queues and reviews: improvements over forms that work alone.

// A choice in a filter takes effect at once; its button is for those without scripts.
for (const field of document.querySelectorAll("[data-submit]")) {
  const button = field.form.querySelector("button");
  if (button) button.hidden = true;
  field.addEventListener("change", () => field.form.requestSubmit());
}

// Comments: a line's number opens the form under the line instead of loading the page anew.
// Arrow keys move between the lines, Escape closes the form and returns to its line.
for (const diff of document.querySelectorAll("[data-notes]")) {
  const template = document.getElementById("note-template");
  const numbers = () => [...diff.querySelectorAll("[data-line]")].filter((link) => !link.closest("details:not([open])"));

  function close(back) {
    const form = diff.querySelector(".remark--form");
    if (!form) return;
    const line = form.elements.line.value;
    form.remove();
    if (back) diff.querySelector(`[data-line="${line}"]`)?.focus();
  }

  function open(link) {
    close(false);
    const form = template.content.firstElementChild.cloneNode(true);
    const { line } = link.dataset;
    form.elements.line.value = line;
    form.querySelector("label").textContent = link.getAttribute("aria-label");
    let place = link.closest(".dline");
    while (place.nextElementSibling?.matches(".remark")) place = place.nextElementSibling;
    place.after(form);
    form.elements.text.focus();
  }

  diff.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("[data-line]");
    if (link) {
      event.preventDefault();
      open(link);
    } else if (event.target.closest("[data-close-note]")) {
      event.preventDefault();
      close(true);
    }
  });

  diff.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest(".remark--form")) close(true);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches("[data-line]")) return;
    event.preventDefault();
    const all = numbers();
    const next = all[all.indexOf(event.target) + step];
    if (!next) return;
    rove(next);
    next.focus();
  });

  function rove(current) {
    for (const link of diff.querySelectorAll("[data-line]")) link.tabIndex = link === current ? 0 : -1;
  }

  const [first] = numbers();
  if (first) rove(first);
}

// Where the page was opened at a comment, reading goes on there.
document.querySelector(".remark:target")?.focus();
