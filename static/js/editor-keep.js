// Nothing typed is lost: kept in this browser at once, on the site a moment later, and when the page is left.

const WAIT = 1500; // after the last key
const LONGEST = 5000; // after the first
const PRESENT = 25000; // how often the site hears that the editor is open
const RETRY = [2000, 4000, 8000, 15000, 30000];
const SHORT = 60000; // bytes that a browser sends after a page is gone
const BEGUN = ["base", "opened"]; // what the page was begun from
const WORDS = ["title", "part", "markdown", "summary"];

function store(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // No room, or not allowed: the site still keeps the text.
  }
}

function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

const content = (form) => [...new FormData(form)].filter(([name, value]) => name !== "csrf_token" && typeof value === "string");
const words = (pairs) => JSON.stringify(
  pairs.filter(([name]) => WORDS.includes(name)).map(([name, value]) => [name, value.replaceAll("\r", "").trim()]),
);

export function improve(form) {
  const key = `editor:${form.dataset.key}`;
  const sentKey = `${key}:sent`;
  const texts = form.dataset;
  const token = form.querySelector("input[name=csrf_token]").value;
  const say = form.querySelector("[data-saved]");
  const failed = form.querySelector("[data-failed]");
  const others = form.querySelector("[data-others]");
  let [dirty, sending, leaving, tries, timer, first] = [false, false, false, 0, 0, 0];
  let away = new AbortController(); // what is still on its way when the form is submitted must not arrive after it

  const begun = content(form).filter(([name]) => BEGUN.includes(name));
  const body = (pairs) => new URLSearchParams([...pairs, ["csrf_token", token]]);

  function tell(problem) {
    failed.hidden = !problem;
    failed.querySelector("[data-failed-words]").textContent = problem;
  }

  function meet(names) {
    others.hidden = names.length === 0;
    const told = names.length ? texts.textOthers.replace("{names}", names.join(", ")) : "";
    const place = others.querySelector("[data-others-words]");
    if (place.textContent !== told) place.textContent = told;
  }

  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(send, wait);
  }

  async function send() {
    if (sending || !dirty || leaving) return;
    sending = true;
    dirty = false;
    first = 0;
    say.textContent = texts.textSaving;
    const sent = content(form);
    try {
      const response = await fetch(texts.autosave, { method: "POST", body: body(sent), redirect: "error", signal: away.signal });
      if (response.status === 404 || response.status === 403 || response.status === 400) {
        throw Object.assign(new Error(), { words: texts.textEnded });
      }
      if (!response.ok) throw new Error();
      const answer = await response.json();
      tries = 0;
      if (!dirty) store(key, null);
      say.textContent = texts.textSaved.replace("{time}", answer.saved);
      tell("");
      meet(answer.others);
    } catch (problem) {
      dirty = true;
      say.textContent = texts.textUnsaved;
      tell(problem.words ?? texts.textFailed);
      later(RETRY[Math.min(tries, RETRY.length - 1)]);
      tries += 1;
    } finally {
      sending = false;
      if (dirty && !tries) later(WAIT);
    }
  }

  function changed() {
    dirty = true;
    store(key, content(form));
    say.textContent = texts.textUnsaved;
    first ||= Date.now();
    if (!tries) later(Math.max(0, Math.min(WAIT, first + LONGEST - Date.now())));
  }

  function leave() {
    if (!dirty || leaving) return;
    const last = body(content(form));
    if (last.toString().length < SHORT) fetch(texts.autosave, { method: "POST", body: last, keepalive: true }).catch(() => {});
  }

  async function present() {
    if (document.hidden || dirty || sending || leaving) return;
    try {
      const response = await fetch(texts.autosave, { method: "POST", body: body(begun), signal: away.signal });
      if (response.ok) meet((await response.json()).others);
    } catch {
      // The next change tells.
    }
  }

  function restore() {
    const kept = stored(key);
    const arrived = "posted" in texts ? stored(sentKey) : null; // this page answers it
    store(sentKey, null);
    if (!Array.isArray(kept)) return;
    if ([arrived, words(content(form))].includes(words(kept))) {
      store(key, null);
      return;
    }
    const box = form.querySelector("[data-restore]");
    box.hidden = false;
    box.querySelector("[data-restore-no]").addEventListener("click", () => {
      store(key, null);
      box.hidden = true;
    });
    box.querySelector("[data-restore-yes]").addEventListener("click", () => {
      const again = document.createElement("form");
      again.method = "post";
      again.action = form.action;
      for (const [name, value] of [...kept, ["csrf_token", token], ["do", "preview"]]) {
        const field = document.createElement("textarea");
        [field.name, field.value] = [name, value];
        again.append(field);
      }
      again.hidden = true;
      document.body.append(again);
      again.submit();
    });
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => {
    leaving = true;
    clearTimeout(timer);
    away.abort();
    store(sentKey, words(content(form)));
    if (event.submitter?.matches("[data-discard]")) store(key, null);
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", () => {
    [leaving, away] = [false, new AbortController()];
    if (dirty) later(WAIT);
  });
  window.addEventListener("online", () => { if (dirty) later(0); });
  present();
  setInterval(present, PRESENT);

  const notice = form.querySelector("[data-unsaved]");
  if (notice) {
    say.textContent = texts.textSaved.replace("{time}", texts.savedAt);
    const keep = notice.querySelector("[data-keep]");
    keep.hidden = false;
    keep.addEventListener("click", () => {
      notice.hidden = true;
      form.querySelector("section:not([hidden]) [data-markdown]").focus();
    });
  }
  restore();
}
