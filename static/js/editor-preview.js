// The preview beside the text: asked of the server as one types; the latest answer wins.

const DELAY = 350;
const SHOWN = "editor-preview";

export function improve(form) {
  const panes = [...form.querySelectorAll("[data-preview]")];
  const unshown = form.querySelector("[data-unshown]");
  const toggle = form.querySelector("[data-preview-toggle]");
  let timer = 0;
  let request = null;

  const busy = (on) => panes.forEach((pane) => pane.setAttribute("aria-busy", String(on)));

  function show(answer) {
    unshown.hidden = !answer.error;
    unshown.textContent = answer.error ?? "";
    (answer.parts ?? []).forEach((html, number) => {
      if (panes[number] && panes[number].innerHTML !== html) panes[number].innerHTML = html;
    });
  }

  async function ask() {
    request?.abort();
    if (!toggle.checked) return;
    const own = new AbortController();
    request = own;
    busy(true);
    try {
      const body = new URLSearchParams(new FormData(form));
      const response = await fetch(form.dataset.previewUrl, { method: "POST", body, signal: own.signal });
      const answer = await response.json();
      if (request === own) show(answer);
    } catch {
      // Aborted by a later one, or no connection: the preview stays as it was, keeping the text is another's matter.
    } finally {
      if (request === own) busy(false);
    }
  }

  function arrange() {
    for (const pair of form.querySelectorAll("[data-panes]")) pair.classList.toggle("panes--alone", !toggle.checked);
  }

  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-markdown]")) return;
    clearTimeout(timer);
    timer = setTimeout(ask, DELAY);
  });
  toggle.checked = localStorage.getItem(SHOWN) !== "off";
  arrange();
  toggle.addEventListener("change", () => {
    localStorage.setItem(SHOWN, toggle.checked ? "on" : "off");
    arrange();
    ask();
  });
}
