// "Report a problem": the form under the article works alone. This opens it at a paragraph, with its words filled in.
const details = document.getElementById("report");
const article = document.querySelector("article[data-copy-link]");
const BLOCKS = "p, li, pre, table, blockquote, h2, h3, h4, h5, h6, img";
const MOST = 1000;

function words(block) {
  const copy = block.cloneNode(true);
  for (const extra of copy.querySelectorAll("button, ul, ol")) extra.remove();
  const text = copy.textContent.replace(/\s+/g, " ").trim() || block.getAttribute("alt") || "";
  return text.length <= MOST ? text : text.slice(0, MOST).replace(/\s+\S*$/, "");
}

function start(form) {
  const blocks = [...article.querySelectorAll(BLOCKS)].filter((block) => words(block) && !block.closest(".more--toc"));
  if (!blocks.length || typeof HTMLDialogElement === "undefined") return;
  const quote = form.elements.quote;
  let at = 0;
  let leaving = 0;

  const button = document.createElement("button");
  button.type = "button";
  button.className = "flagger noprint";
  button.title = details.dataset.report;
  button.append(details.querySelector("template").content.cloneNode(true));
  const help = document.createElement("span");
  help.id = "flagger-help";
  help.hidden = true;
  help.textContent = details.dataset.keys;
  button.setAttribute("aria-describedby", help.id);

  const box = document.createElement("dialog");
  box.className = "reportbox";
  box.setAttribute("aria-labelledby", "report-title");
  document.body.append(box);
  const cancel = document.createElement("button");
  cancel.type = "button";
  cancel.className = "btn btn-quiet";
  cancel.textContent = details.dataset.cancel;
  cancel.addEventListener("click", () => box.close());

  function mark(on) {
    for (const block of article.querySelectorAll(".flagged")) block.classList.remove("flagged");
    if (on) blocks[at].classList.add("flagged");
  }

  function go(index) {
    at = Math.max(0, Math.min(blocks.length - 1, index));
    const top = blocks[at].getBoundingClientRect().top - article.getBoundingClientRect().top;
    button.style.top = `${Math.max(0, top - 4)}px`;
    button.setAttribute("aria-label", `${details.dataset.which}: ${words(blocks[at]).slice(0, 80)}`);
  }

  article.addEventListener("pointerover", (event) => {
    const block = event.target.closest(BLOCKS);
    const index = blocks.indexOf(block);
    if (event.target === button || button.contains(event.target) || index >= 0) clearTimeout(leaving);
    if (index < 0) return;
    if (document.activeElement !== button) go(index);
    button.classList.add("flagger--here");
  });
  article.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "mouse") return; // a finger leaves at once: the button stays where it tapped
    leaving = setTimeout(() => button.classList.remove("flagger--here"), 300);
  });
  button.addEventListener("focus", () => {
    if (!button.matches(":focus-visible")) return;
    go(at);
    mark(true);
  });
  button.addEventListener("blur", () => mark(false));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    go(at + step);
    mark(true);
    blocks[at].scrollIntoView({ block: "nearest" });
  });
  button.addEventListener("click", () => {
    quote.value = words(blocks[at]);
    box.append(form);
    form.querySelector(".actions").append(cancel);
    box.showModal();
    quote.scrollTop = 0;
    form.elements.comment.focus();
  });
  box.addEventListener("click", (event) => {
    if (event.target === box) box.close();
  });
  box.addEventListener("close", () => {
    cancel.remove();
    details.append(form);
    button.focus();
  });
  go(0);
  article.prepend(button, help);
}

if (article && details) start(details.querySelector("form"));
