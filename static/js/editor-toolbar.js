// The toolbar: one stop for Tab, arrows inside it, and the same by keys in the text.
import { formats } from "./editor-text.js";

const KEYS = { b: "bold", i: "italic", k: "link" };

export function improve(form, files) {
  const bar = form.querySelector("[data-toolbar]");
  const areas = [...form.querySelectorAll("[data-markdown]")];
  if (!bar || !areas.length) return;
  let target = areas.find((area) => area.offsetParent) ?? areas[0];
  bar.hidden = false;

  const tools = [...bar.querySelectorAll("button, input")];
  const stop = (chosen) => tools.forEach((tool) => { tool.tabIndex = tool === chosen ? 0 : -1; });
  stop(tools[0]);
  bar.addEventListener("keydown", (event) => {
    const at = tools.indexOf(document.activeElement);
    const goal = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tools.length - 1 }[event.key];
    if (at < 0 || goal === undefined) return;
    event.preventDefault();
    const tool = tools[(goal + tools.length) % tools.length];
    stop(tool);
    tool.focus();
  });
  bar.addEventListener("focusin", (event) => {
    if (tools.includes(event.target)) stop(event.target);
  });

  function format(name) {
    if (name === "file") files?.pick(target);
    else formats[name](target, bar.querySelector(`[data-format="${name}"]`).dataset.sample);
  }
  bar.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-format]");
    if (tool) format(tool.dataset.format);
  });
  for (const area of areas) {
    area.addEventListener("focus", () => { target = area; });
    area.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      const name = KEYS[event.key.toLowerCase()];
      if (!name) return;
      event.preventDefault();
      format(name);
    });
  }
}
