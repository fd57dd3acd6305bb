// The editor. Without it the form is written, previewed and saved with plain buttons.
import "./editor-similar.js";
import { improve as files } from "./editor-files.js";
import { improve as keep } from "./editor-keep.js";
import { improve as preview } from "./editor-preview.js";
import { improve as toolbar } from "./editor-toolbar.js";

const form = document.querySelector("form[data-editor]");

function title() {
  const field = form.querySelector("[data-title]");
  const count = form.querySelector("[data-title-count]");
  const tell = () => {
    if (count) count.textContent = form.dataset.textCount.replace("{count}", field.value.trim().length);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  field.addEventListener("input", () => {
    if (field.value.includes("\n")) field.value = field.value.replace(/\s*\n\s*/g, " ");
    tell();
  });
  tell();
}

function readers() {
  const field = form.querySelector("[data-readers]");
  const sentence = form.querySelector("[data-readers-sentence]");
  field?.addEventListener("change", async () => {
    const address = new URL(form.dataset.readersUrl, window.location.href);
    address.searchParams.set("audience", field.value);
    try {
      const response = await fetch(address);
      if (response.ok) sentence.textContent = (await response.json()).sentence;
    } catch {
      sentence.textContent = "";
    }
  });
}

if (form) {
  title();
  readers();
  preview(form);
  toolbar(form, files(form));
  keep(form);
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    form.requestSubmit(form.querySelector('button[name="do"][value="save"]'));
  });
}
