// Pictures and files: pasted, dropped or picked; alt text is asked for, progress shown, the Markdown put in.
import { replace } from "./editor-text.js";

export function improve(form) {
  const dialog = document.getElementById("ask-picture");
  const box = document.querySelector("[data-uploads]");
  const picker = document.getElementById("pick-file");
  const texts = form.dataset;
  if (!dialog || !box || !picker) return null;
  let waiting = Promise.resolve();
  let target = null;

  const say = (pattern, name, more = "") => {
    box.hidden = false;
    box.querySelector("[data-upload-words]").textContent = `${pattern.replace("{name}", name)}${more}`;
  };

  // The words for a picture; null when the person thinks better of it.
  function describe(file) {
    return new Promise((resolve) => {
      const field = dialog.querySelector("input");
      dialog.querySelector("[data-picture-name]").textContent = file.name;
      field.value = "";
      dialog.returnValue = "cancel";
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "add" ? field.value.trim() : null), { once: true });
      dialog.showModal();
      field.focus();
    });
  }

  function upload(file, alt) {
    return new Promise((resolve, reject) => {
      const body = new FormData();
      body.set("file", file, file.name);
      if (alt) body.set("alt", alt);
      const request = new XMLHttpRequest();
      request.open("POST", texts.files);
      request.setRequestHeader("X-CSRFToken", form.querySelector("input[name=csrf_token]").value);
      request.setRequestHeader("X-Requested-With", "fetch");
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) box.querySelector("progress").value = (100 * event.loaded) / event.total;
      });
      request.addEventListener("error", () => reject(new Error()));
      request.addEventListener("load", () => {
        let answer = {};
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          // A page instead of an answer: told as a failure.
        }
        if (request.status < 300 && answer.markdown) resolve(answer);
        else reject(new Error(answer.error ?? ""));
      });
      request.send(body);
    });
  }

  async function add(area, file) {
    const isPicture = file.type.startsWith("image/");
    const alt = isPicture ? await describe(file) : "";
    if (alt === null) return;
    box.querySelector("progress").value = 0;
    box.querySelector("progress").hidden = false;
    say(texts.textUploading, file.name);
    try {
      const answer = await upload(file, alt);
      const { selectionEnd: at, value } = area;
      const gap = at > 0 && !/\s$/.test(value.slice(0, at)) ? (isPicture ? "\n\n" : " ") : "";
      replace(area, at, at, gap + answer.markdown);
      say(texts.textAdded, answer.name);
      setTimeout(() => { box.hidden = true; }, 4000);
    } catch (problem) {
      say(texts.textUploadFailed, file.name, problem.message ? ` ${problem.message}` : "");
    }
    box.querySelector("progress").hidden = true;
  }

  function addAll(area, files) {
    for (const file of files) waiting = waiting.then(() => add(area, file));
  }

  picker.addEventListener("change", () => {
    if (target) addAll(target, [...picker.files]);
    picker.value = "";
  });
  for (const area of form.querySelectorAll("[data-markdown]")) {
    area.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (!files.length) return;
      event.preventDefault();
      addAll(area, files);
    });
    area.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      area.dataset.drop = "";
    });
    area.addEventListener("dragleave", () => delete area.dataset.drop);
    area.addEventListener("drop", (event) => {
      delete area.dataset.drop;
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      addAll(area, [...event.dataTransfer.files]);
    });
  }
  return {
    pick(area) {
      target = area;
      picker.click();
    },
  };
}
