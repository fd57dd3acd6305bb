// Articles that the title looks like, while it is typed.

const DELAY = 350;

function improve(form) {
  const title = form.querySelector("[data-title]");
  const list = document.querySelector("[data-similar-list]");
  if (!title || !list) return;
  let timer = 0;
  let request = null;

  async function ask() {
    request?.abort();
    if (title.value.trim().length < 3) return;
    request = new AbortController();
    const address = new URL(form.dataset.similar, window.location.href);
    address.searchParams.set("title", title.value);
    const language = new FormData(form).get("language");
    if (language) address.searchParams.set("language", language);
    try {
      const response = await fetch(address, { signal: request.signal });
      if (!response.ok) return;
      const piece = new DOMParser().parseFromString(await response.text(), "text/html");
      list.replaceChildren(...piece.body.childNodes);
    } catch {
      // A later one is under way, or there is no connection.
    }
  }

  title.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, DELAY);
  });
}

document.documentElement.classList.add("script");
for (const form of document.querySelectorAll("form[data-similar]")) improve(form);
