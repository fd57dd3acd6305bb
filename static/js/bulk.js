// The progress of a change of many articles: asked for every second while the page is looked at. The link works alone.
const box = document.querySelector("[data-run]");
const EVERY = 1000;
const PATIENCE = 10_000;
let wait = EVERY;

async function look() {
  try {
    const answer = await fetch(box.dataset.run, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const run = await answer.json();
    box.querySelector("progress").value = run.done;
    box.querySelector("[data-words]").textContent = run.words;
    if (run.state === "done" || run.state === "undone") {
      location.reload();
      return;
    }
    wait = EVERY;
  } catch {
    wait = Math.min(wait * 2, PATIENCE);
  }
  setTimeout(turn, wait);
}

function turn() {
  if (document.hidden) document.addEventListener("visibilitychange", turn, { once: true });
  else look();
}

if (box) setTimeout(turn, EVERY);
