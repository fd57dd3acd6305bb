// The result page in place: filters, order, pages and new words without a reload. The address always tells the state.

const region = document.getElementById("search");
let request = null;

function addressOf(form) {
  const address = new URL(form.action, window.location.href);
  const told = ([name, value]) => value !== "" && !(name === "sort" && value === "relevance");
  address.search = new URLSearchParams([...new FormData(form)].filter(told)).toString();
  return address;
}

// How to find, on the new page, the control that had the focus on the old one.
function focused() {
  const element = document.activeElement;
  if (!region.contains(element) || !element.name || !element.form) return null;
  const value = element.type === "checkbox" || element.type === "radio" ? `[value="${CSS.escape(element.value)}"]` : "";
  return `[name="${element.name}"]${value}:not([type="hidden"])`;
}

function replace(page, scroll) {
  const fresh = page.getElementById("search");
  const box = region.querySelector("form.searchbox");
  const freshBox = fresh.querySelector("form.searchbox");
  const focus = focused();
  const sheet = document.getElementById("filters");
  const open = sheet?.matches(":popover-open");
  const top = sheet?.scrollTop;
  // The search box stays, so that typing goes on; only what it carries along changes.
  for (const old of box.querySelectorAll(":scope > input[type=hidden]")) old.remove();
  box.prepend(...freshBox.querySelectorAll(":scope > input[type=hidden]"));
  const field = box.querySelector("input[type=search]");
  if (document.activeElement !== field) field.value = freshBox.querySelector("input[type=search]").value;
  freshBox.replaceWith(box);
  region.replaceChildren(...fresh.childNodes);
  document.title = page.title;
  if (open) {
    const again = document.getElementById("filters");
    again?.showPopover();
    if (again) again.scrollTop = top;
  }
  if (focus) region.querySelector(focus)?.focus({ preventScroll: true });
  if (scroll) {
    document.getElementById("main").focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }
}

async function load(address, { push = true, scroll = false } = {}) {
  request?.abort();
  request = new AbortController();
  region.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(address, { signal: request.signal, headers: { "X-Requested-With": "fetch" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok || !page.getElementById("search")) throw new Error(response.statusText);
    if (push) history.pushState(null, "", address);
    replace(page, scroll);
    region.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name !== "AbortError") window.location.assign(address);
  }
}

region.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.id === "filters") load(addressOf(form));
});

region.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches(":popover-open")) event.target.hidePopover();
  load(addressOf(event.target));
});

region.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="?"]');
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  load(new URL(link.href), { scroll: link.rel === "next" || link.rel === "prev" });
});

window.addEventListener("popstate", () => load(new URL(window.location.href), { push: false }));

// Which result was opened: counted, with nothing in its way.
function opened(event) {
  const link = event.target.closest(".entry__title a");
  const list = link?.closest("[data-click]");
  if (!list || (event.type === "auxclick" && event.button !== 1)) return;
  const data = new FormData();
  data.set("q", list.dataset.query);
  data.set("position", link.closest("[data-position]").dataset.position);
  data.set("opened", link.closest("[data-opened]")?.dataset.opened ?? "");
  data.set("csrf_token", document.querySelector("input[name=csrf_token]")?.value ?? "");
  navigator.sendBeacon(list.dataset.click, data);
}
region.addEventListener("click", opened);
region.addEventListener("auxclick", opened);
