// Changing the text of a field so that the browser's undo knows of it, and what each formatting does.

export function replace(area, start, end, text, from = text.length, to = from) {
  area.focus();
  area.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, start, end, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  area.setSelectionRange(start + from, start + to);
}

function wrap(area, mark, sample) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const chosen = value.slice(start, end);
  const size = mark.length;
  if (chosen && value.slice(start - size, start) === mark && value.slice(end, end + size) === mark) {
    replace(area, start - size, end + size, chosen, 0, chosen.length);
    return;
  }
  const words = chosen || sample;
  replace(area, start, end, mark + words + mark, size, size + words.length);
}

// The lines that the selection touches, each changed; a blank line keeps them apart from what stands before.
function lines(area, sample, change) {
  const { value } = area;
  const start = value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const next = value.indexOf("\n", area.selectionEnd);
  const end = next < 0 ? value.length : next;
  const chosen = value.slice(start, end) || sample;
  const text = chosen.split("\n").map(change).join("\n");
  const gap = start > 0 && value.slice(0, start).trimEnd() && !value.slice(0, start).endsWith("\n\n") ? "\n" : "";
  replace(area, start, end, gap + text, gap.length, gap.length + text.length);
}

export function block(area, text, from, to) {
  const { selectionEnd: at, value } = area;
  const before = at === 0 || !value.slice(0, at).trim() ? "" : value.slice(0, at).endsWith("\n\n") ? "" : "\n\n";
  const after = value.slice(at).startsWith("\n") || at === value.length ? "" : "\n\n";
  const shift = before.length;
  replace(area, at, at, before + text + after, shift + (from ?? text.length), shift + (to ?? from ?? text.length));
}

export const formats = {
  bold: (area, sample) => wrap(area, "**", sample),
  italic: (area, sample) => wrap(area, "*", sample),
  code(area, sample) {
    const chosen = area.value.slice(area.selectionStart, area.selectionEnd);
    if (!chosen.includes("\n")) {
      wrap(area, "`", sample);
      return;
    }
    replace(area, area.selectionStart, area.selectionEnd, `\`\`\`\n${chosen.replace(/\n$/, "")}\n\`\`\`\n`);
  },
  ordered: (area, sample) => lines(area, sample, (line, index) => `${index + 1}. ${line.replace(/^\d+\. |^- /, "")}`),
  list: (area, sample) => lines(area, sample, (line) => `- ${line.replace(/^\d+\. |^- /, "")}`),
  table(area, sample) {
    block(area, `| ${sample} 1 | ${sample} 2 |\n| --- | --- |\n|  |  |\n`, 2, 4 + sample.length);
  },
  link(area, sample) {
    const { selectionStart: start, selectionEnd: end } = area;
    const chosen = area.value.slice(start, end);
    if (/^(https?:|\/kb\/)\S+$/.test(chosen)) {
      replace(area, start, end, `[${sample}](${chosen})`, 1, 1 + sample.length);
      return;
    }
    const words = chosen || sample;
    const address = "https://";
    replace(area, start, end, `[${words}](${address})`, words.length + 3, words.length + 3 + address.length);
  },
  note(area, sample) {
    const text = `> [!WARNING]\n> ${sample}\n`;
    block(area, text, text.length - sample.length - 1, text.length - 1);
  },
};
