// Small improvements. Every page works without them.

// Appearance: the server renders data-bs-theme from the person's preference; this only saves a round trip.
const root = document.documentElement;
for (const button of document.querySelectorAll("[data-theme-set]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const value = button.dataset.themeSet;
    const data = new FormData(button.form);
    data.set("theme", value);
    fetch(button.form.action, { method: "POST", body: data, redirect: "manual" });
    if (value === "auto") root.removeAttribute("data-bs-theme");
    else root.dataset.bsTheme = value;
    for (const other of document.querySelectorAll("[data-theme-set]")) {
      other.setAttribute("aria-pressed", String(other.dataset.themeSet === value));
    }
  });
}

// "/" moves to the search field, unless the person is typing.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector('[data-focus-key="/"]');
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

// A row of tabs that is wider than the screen begins at the one where the person is.
for (const here of document.querySelectorAll(".tabs [aria-current], .topnav [aria-current]")) {
  const row = here.parentElement;
  const [outer, inner] = [row.getBoundingClientRect(), here.getBoundingClientRect()];
  if (inner.right > outer.right) row.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
}

// Menus close with Escape, and when attention goes elsewhere.
for (const menu of document.querySelectorAll("details.menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}
