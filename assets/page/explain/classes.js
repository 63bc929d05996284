// What a model must choose from: classes fixed in training, or CLIP's texts, edited in place.

import { make } from "../shared/make.js";
import { askSoon } from "./state.js";

const FEW = 20; // names beside the count
const NEVER = "It cannot say “none of these”.";

export function classChoice(column) {
  const node = make("div", "hl-classes");
  const open = make("button", "hl-button hl-choices", "", { type: "button", "aria-expanded": "false" });
  const count = make("span");
  const panel = make("div", "hl-names");
  const done = make("button", "hl-button", "Done", { type: "button" });
  const fields = {}; // what CLIP is asked, by its name in the column
  const list = make("p", "hl-listed");
  open.append(count);
  panel.hidden = true;
  node.append(...(column.family === "clip" ? [templates()] : []), open, panel);
  panel.append(...(column.family === "clip" ? names() : [list, make("p", "hl-hint", NEVER)]), done);

  const show = (shown) => {
    panel.hidden = !shown;
    open.setAttribute("aria-expanded", String(shown));
    (shown ? (fields.names ?? done) : open).focus();
  };
  open.addEventListener("click", () => show(panel.hidden));
  done.addEventListener("click", () => show(false));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
  });

  // One line high, and open to all its lines while somebody types in it.
  function templates() {
    const field = make("textarea", "hl-field", "", {
      rows: "1", "aria-label": "Templates of CLIP's texts, one a line; {} stands for the class name",
      title: "Templates, one a line; {} stands for the class name. Of several, CLIP takes the mean.", spellcheck: "false",
    });
    field.value = column.templates;
    field.addEventListener("input", () => change("templates", field.value));
    return (fields.templates = field);
  }

  function names() {
    const field = make("textarea", "hl-field", "", {
      "aria-label": "CLIP's class names, one a line", spellcheck: "false", rows: "9",
    });
    field.value = column.names;
    field.addEventListener("input", () => change("names", field.value));
    fields.names = field;
    return [field, make("p", "hl-hint", `One class a line, synonyms after |; the answers change as you type. ${NEVER}`)];
  }

  function change(what, text) {
    column[what] = text;
    askSoon(column.family);
  }

  function draw() {
    for (const [what, field] of Object.entries(fields)) {
      if (document.activeElement !== field && field.value !== column[what]) field.value = column[what];
    }
    const labels = column.answer?.labels ?? [];
    const must = labels.length ? `Must pick one of ${labels.length.toLocaleString("en")}` : "";
    if (column.family === "clip") {
      const lines = new Set(column.templates.split("\n").map((line) => line.trim()).filter(Boolean)).size;
      count.textContent = must ? `${must}${lines > 1 ? ` × ${lines} templates` : ""}` : "Classes";
      open.title = "Edit the classes";
      return;
    }
    const listed = labels.join(", ");
    open.disabled = !must;
    count.textContent = must && `${must}: ${labels.slice(0, FEW).join(", ")}`;
    open.title = must && `${must}. ${NEVER}`;
    if (list.textContent !== listed) list.textContent = listed;
  }

  return { node, draw };
}
