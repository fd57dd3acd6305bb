// The list of notifications by keyboard: j and k move, e marks as read. Every row has a link and a button, too.

const list = document.querySelector("[data-notifications]");
const rows = [...(list?.querySelectorAll("[data-row]") ?? [])];
const status = document.querySelector("[data-status]");
const here = () => rows.findIndex((row) => row.contains(document.activeElement));

function move(step) {
  const at = here();
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next]?.querySelector("[data-open]").focus();
}

// Counts on this page go down with it; one that is capped stays.
function countDown() {
  for (const count of document.querySelectorAll("[data-unread]")) {
    const number = Number(count.textContent);
    if (number > 1) count.textContent = String(number - 1);
    else if (number === 1) {
      const words = count.nextElementSibling;
      if (words?.matches("[data-unread]")) words.remove();
      count.remove();
    }
  }
}

async function markRead(row) {
  const form = row.querySelector("[data-read]");
  if (!form || form.dataset.sent) return;
  form.dataset.sent = "1";
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" }).catch(() => null);
  if (answer?.type !== "opaqueredirect") {
    form.submit(); // the page says what is wrong
    return;
  }
  if (row.contains(document.activeElement)) row.querySelector("[data-open]").focus();
  form.remove();
  row.querySelector("[data-new]")?.remove();
  row.classList.remove("told--new");
  status.textContent = `${list.dataset.said}: ${row.querySelector("[data-open]").textContent}`;
  countDown();
}

for (const row of rows) {
  row.querySelector("[data-read]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    markRead(row);
  });
}

if (list) {
  document.querySelector("[data-keys]").hidden = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "e" && here() >= 0) markRead(rows[here()]);
    else return;
    event.preventDefault();
  });
}
