// What a model chooses from: classes fixed in training, or CLIP's texts, edited in place.

import { make } from "../shared/make.js";
import { askSoon } from "./state.js";

export function classChoice(column) {
  const node = make("div", "hl-classes");
  const count = make("span");
  const fields = {}; // what CLIP is asked, by its name in the column
  if (column.family === "clip") node.append(...texts());
  else node.append(count);

  function texts() {
    // One line high, and open to all its lines while somebody types in it.
    const templates = make("textarea", "hl-field", "", {
      rows: "1", "aria-label": "Templates of CLIP's texts, one a line; {} stands for the class name",
      title: "Templates, one a line; {} stands for the class name. Of several, CLIP takes the mean.", spellcheck: "false",
    });
    templates.value = column.templates;
    const open = make("button", "hl-button", "", { type: "button", "aria-expanded": "false" });
    open.append(count);
    const panel = make("div", "hl-names");
    const names = make("textarea", "hl-field", "", {
      "aria-label": "CLIP's class names, one a line", spellcheck: "false", rows: "9",
    });
    names.value = column.names;
    const done = make("button", "hl-button", "Done", { type: "button" });
    panel.append(names, make("p", "hl-hint", "One class a line, synonyms after |; the answers change as you type."), done);
    panel.hidden = true;
    const show = (shown) => {
      panel.hidden = !shown;
      open.setAttribute("aria-expanded", String(shown));
      (shown ? names : open).focus();
    };
    open.addEventListener("click", () => show(panel.hidden));
    done.addEventListener("click", () => show(false));
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      show(false);
    });
    Object.assign(fields, { templates, names });
    templates.addEventListener("input", () => change("templates", templates.value));
    names.addEventListener("input", () => change("names", names.value));
    return [templates, open, panel];
  }

  function change(what, text) {
    column[what] = text;
    askSoon(column.family);
  }

  function draw() {
    const known = column.answer?.labels.length;
    for (const [what, field] of Object.entries(fields)) {
      if (document.activeElement !== field && field.value !== column[what]) field.value = column[what];
    }
    if (column.family === "clip") {
      const lines = new Set(column.templates.split("\n").map((line) => line.trim()).filter(Boolean)).size;
      count.textContent = known ? `${known} ${known === 1 ? "class" : "classes"}${lines > 1 ? ` × ${lines} templates` : ""}` : "Classes";
      return;
    }
    const why = column.answer?.closed ? "by its label map" : "fixed in training";
    count.textContent = known ? `Chooses from ${known.toLocaleString("en")} ${known === 1 ? "class" : "classes"}, ${why}` : "";
    count.title = known ? `${column.answer.labels.slice(0, 60).join(", ")}${known > 60 ? " …" : ""}` : "";
  }

  return { node, draw };
}
