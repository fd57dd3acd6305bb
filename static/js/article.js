// An article reads and prints without this. It adds links to headings, copying of code, and lights the contents.
const article = document.querySelector("article[data-copy-link]");

function say(button, words) {
  const before = button.textContent;
  button.textContent = words;
  setTimeout(() => { button.textContent = before; }, 1500);
}

function copier(text, button) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      say(button, article.dataset.copied);
    } catch {
      // No permission, or no secure connection: the address bar and a selection still work.
    }
  });
}

if (article && navigator.clipboard) {
  for (const heading of article.querySelectorAll(":is(h2, h3, h4, h5, h6)[id]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "hlink";
    button.textContent = "#";
    button.setAttribute("aria-label", `${article.dataset.copyLink}: ${heading.textContent.trim()}`);
    copier(() => {
      const address = new URL(location.href);
      address.hash = heading.id;
      history.replaceState(null, "", address);
      return address.href;
    }, button);
    heading.append(button);
  }
  for (const pre of article.querySelectorAll("pre")) {
    const box = document.createElement("div");
    const button = document.createElement("button");
    box.className = "codebox";
    button.type = "button";
    button.className = "btn btn-secondary";
    button.textContent = article.dataset.copyCode;
    copier(() => pre.textContent.replace(/\n$/, ""), button);
    pre.replaceWith(box);
    box.append(pre, button);
  }
}

// The entry of the section that is being read.
const entries = new Map();
for (const link of document.querySelectorAll(".aside .toc a")) entries.set(link.hash.slice(1), link);
if (article && entries.size && "IntersectionObserver" in window) {
  const observer = new IntersectionObserver((changes) => {
    for (const change of changes) {
      if (!change.isIntersecting) continue;
      for (const link of entries.values()) link.removeAttribute("aria-current");
      entries.get(change.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "0px 0px -70% 0px" });
  for (const id of entries.keys()) {
    const heading = document.getElementById(id);
    if (heading) observer.observe(heading);
  }
}
