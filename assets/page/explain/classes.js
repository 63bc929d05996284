// What a model chooses from: classes fixed in training, or CLIP's texts, edited in place.

import { make } from "../shared/make.js";
import { limits } from "../shared/settings.js";
import { askSoon } from "./state.js";

export function classChoice(column) {
  const node = make("div", "hl-classes");
  const count = make("span");
  const fields = {}; // what CLIP is asked, by its name in the column
  if (column.family === "clip") node.append(...texts());
  else node.append(count);

  function texts() {
    const template = make("input", "hl-field", "", {
      type: "text", "aria-label": "Template of CLIP's texts; {} stands for the class name",
      title: "{} stands for the class name", spellcheck: "false", maxlength: String(limits.letters),
    });
    template.value = column.template;
    const open = make("button", "hl-button", "", { type: "button", "aria-expanded": "false" });
    open.append(count);
    const panel = make("div", "hl-names");
    const names = make("textarea", "hl-field", "", {
      "aria-label": "CLIP's class names, one a line", spellcheck: "false", rows: "9",
    });
    names.value = column.names;
    const done = make("button", "hl-button", "Done", { type: "button" });
    panel.append(names, make("p", "hl-hint", "One class name a line; the answers change as you type."), done);
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
    Object.assign(fields, { template, names });
    template.addEventListener("input", () => change("template", template.value));
    names.addEventListener("input", () => change("names", names.value));
    return [template, open, panel];
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
      count.textContent = known ? `${known} ${known === 1 ? "class" : "classes"}` : "Classes";
      return;
    }
    const why = column.answer?.closed ? "by its label map" : "fixed in training";
    count.textContent = known ? `Chooses from ${known.toLocaleString("en")} ${known === 1 ? "class" : "classes"}, ${why}` : "";
    count.title = known ? `${column.answer.labels.slice(0, 60).join(", ")}${known > 60 ? " …" : ""}` : "";
  }

  return { node, draw };
}
