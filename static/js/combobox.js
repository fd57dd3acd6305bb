// Suggestions under a search box: an ARIA combobox over a plain form. Without this script the form just works.

const DELAY = 120;
const LEAST = 2;
let boxes = 0;

function improve(counter) {
  const input = counter.querySelector("input[type=search]");
  const form = input.form;
  const list = document.createElement("ul");
  list.className = "suggest";
  list.id = `suggestions-${(boxes += 1)}`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label"));
  form.append(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  let timer = 0;
  let request = null;
  let active = -1;

  const options = () => [...list.querySelectorAll("[role=option]")];

  function close() {
    clearTimeout(timer);
    request?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  }

  function mark(index) {
    active = index;
    options().forEach((option, number) => option.setAttribute("aria-selected", String(number === index)));
    const option = options()[index];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function pick(option) {
    close();
    if (option.dataset.url) {
      window.location.assign(option.dataset.url);
    } else {
      input.value = option.dataset.text;
      form.requestSubmit();
    }
  }

  async function ask() {
    const typed = input.value.trim();
    if (typed.length < LEAST) {
      close();
      return;
    }
    request?.abort();
    request = new AbortController();
    const address = new URL(counter.dataset.combobox, window.location.href);
    address.searchParams.set("q", typed);
    try {
      const response = await fetch(address, { signal: request.signal });
      if (!response.ok || document.activeElement !== input) {
        close();
        return;
      }
      const answer = new DOMParser().parseFromString(await response.text(), "text/html");
      const found = [...answer.querySelectorAll("[role=option]")];
      found.forEach((option, number) => {
        option.id = `${list.id}-${number}`;
      });
      list.replaceChildren(...found);
      list.hidden = found.length === 0;
      input.setAttribute("aria-expanded", String(found.length > 0));
      mark(-1);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, DELAY);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const count = options().length;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(active < 0 && step < 0 ? count - 1 : active + step >= count ? -1 : Math.max(-1, active + step));
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      ask();
    } else if (event.key === "Enter" && active >= 0 && !list.hidden) {
      event.preventDefault();
      pick(options()[active]);
    }
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  // The press, not the click: by then the field has lost its focus and the list is closed.
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (option && event.button === 0) pick(option);
  });
  list.addEventListener("pointermove", (event) => {
    const index = options().indexOf(event.target.closest("[role=option]"));
    if (index >= 0 && index !== active) mark(index);
  });
}

for (const counter of document.querySelectorAll("[data-combobox]")) improve(counter);
