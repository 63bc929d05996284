// Which of a closed-set model's outputs stand for which class: told by names, shown, and edited by hand, never guessed.

import { button, card, rows } from "./parts.js";
import { ask, map, mapOf, redraw, state } from "./state.js";
import { make } from "../shared/make.js";
import { FAMILIES, titleOf } from "../shared/settings.js";

export function labels(element) {
  const ORIGINS = { name: "same name", synonym: "a synonym of the output", typed: "typed" };
  card(element, "Label maps: which outputs stand for which class", draw);
  const hint = make(
    "p",
    "hl-hint",
    "A model trained on fixed classes answers by its outputs. Among those that stand for this set's classes it takes the likeliest; several outputs to one class add up. A line is “class: output; output”, an output its name, its number or a range such as 151-268. What no name tells is left open, and its pictures are left out for all.",
  );
  const clip = make("p", "hl-hint", "CLIP needs no map: it reads the class names themselves.");
  element.append(hint, clip);
  const editors = FAMILIES.map(editor);
  element.append(...editors.map(({ node }) => node));

  function editor(family) {
    const node = make("details", "hl-mapped", "", { "data-family": family });
    const summary = make("summary");
    const body = make("div", "hl-mapped-body");
    const [left, right] = [make("div", "hl-lines"), make("div", "hl-section")];
    const says = make("div", "hl-says", "", { id: `hl-labels-${family}-says`, "aria-live": "polite" });
    const field = make("textarea", "hl-field", "", {
      rows: "10", "aria-label": `${titleOf(family)}'s label map, one class a line`, "aria-describedby": says.id,
      spellcheck: "false", autocapitalize: "off", autocomplete: "off",
    });
    const reset = button("Back to what the names tell", () => change(null));
    left.append(field, says, reset);
    const [openTitle, open] = [make("h3"), make("p", "hl-hint")];
    const suggestions = make("ol", "hl-suggestions");
    const all = button("Use all suggestions", () => change(state.told[family].with_all));
    const [spareTitle, spare] = [make("h3"), make("p", "hl-hint hl-spare")];
    const [originTitle, origins] = [make("h3"), make("ol", "hl-origins")];
    right.append(openTitle, open, suggestions, all, spareTitle, spare, originTitle, origins);
    body.append(left, right);
    node.append(summary, body);
    let asked = ""; // what the editor was last asked for: choice of pictures, model and text
    let filled = null; // what Python told that the box was filled from

    function change(text) {
      map(family, text);
      if (text !== null) field.value = text;
    }
    field.addEventListener("input", () => map(family, field.value));
    node.addEventListener("toggle", () => redraw());

    // A suggestion into its class's line, or below all lines where it has none.
    function take({ name, line }) {
      const lines = field.value.split("\n");
      const at = lines.findIndex((each) => each.trim() === `${name}:`);
      change((at < 0 ? [...lines, line] : lines.with(at, line)).join("\n"));
    }

    const fillSuggestions = rows(suggestions, () => {
      const item = make("li");
      const words = make("span");
      const made = { node: item };
      const act = button("Use", () => take(made.each));
      item.append(words, act);
      made.draw = (each) => {
        made.each = each;
        words.textContent = words.title = each.line;
        act.setAttribute("aria-label", `Use ${each.line}`);
      };
      return made;
    });
    const fillOrigins = rows(origins, () => {
      const item = make("li");
      const [line, origin] = [make("span"), make("span", "hl-hint")];
      item.append(line, origin);
      return {
        node: item,
        draw: (each) => {
          line.textContent = line.title = each.line;
          origin.textContent = ORIGINS[each.origin];
        },
      };
    });

    const first = (shown, whole) => (whole > shown ? `, the first ${shown} of ${whole.toLocaleString("en")}` : "");

    function inShort(outputs) {
      const found = state.answer?.labels[family];
      const among = `its ${outputs.toLocaleString("en")} outputs`;
      if (!found) return among;
      if (!found.mapped) return `none of ${among} is a class of this set by name`;
      return `${found.mapped.toLocaleString("en")} of ${found.classes.toLocaleString("en")} classes found among ${among}`;
    }

    function drawEditor() {
      const outputs = state.ready?.models[family]?.outputs;
      node.hidden = !state.models[family] || !outputs;
      if (node.hidden) return;
      const typed = mapOf(family) !== null;
      summary.textContent = `${titleOf(family)}: ${inShort(outputs)}${typed ? ", edited" : ""}`;
      if (!node.open) return;
      const now = JSON.stringify([state.era, state.models[family], mapOf(family)]);
      if (asked !== now && !state.busy && !state.preparing) {
        asked = now;
        ask(`labels_${family}`, { family });
      }
      const told = asked === now || typed ? state.told[family] : null;
      // The box is the person's while they type in it; else it shows the map that is in use.
      if (told?.text !== undefined && filled !== told && document.activeElement !== field) {
        field.value = mapOf(family) ?? told.text;
        filled = told;
      }
      reset.disabled = !typed;
      const wrong = state.wrong?.field === `label_map ${family}` ? state.wrong : null;
      field.classList.toggle("hl-wrong", Boolean(wrong));
      field.setAttribute("aria-invalid", String(Boolean(wrong)));
      const trouble = wrong?.text ?? told?.error ?? "";
      const notes = trouble ? [trouble] : (told?.notes ?? []);
      if (says.dataset.key !== JSON.stringify([trouble, notes])) {
        says.dataset.key = JSON.stringify([trouble, notes]);
        says.replaceChildren(...notes.map((text) => make("p", trouble ? "hl-trouble" : "", text)));
      }
      const left = told?.unmapped ?? [];
      openTitle.textContent = told?.lines ? (left.length ? `Without an output: ${told.unmapped_count.toLocaleString("en")}` : "Every class has an output") : "";
      open.textContent = left.length ? `${left.slice(0, 30).join(", ")}${told.unmapped_count > 30 ? " …" : ""}` : "";
      fillSuggestions(told?.suggested ?? []);
      all.hidden = !(told?.suggested?.length > 1);
      const unused = left.length && told.spare_count;
      spareTitle.textContent = unused ? `Its outputs that stand for nothing yet: ${told.spare_count.toLocaleString("en")}` : "";
      spare.textContent = unused ? `${told.spare.join(" · ")}${told.spare_count > told.spare.length ? " …" : ""}` : "";
      originTitle.textContent = told?.lines?.length ? `Where each line comes from${first(told.lines.length, told.lines_count)}` : "";
      fillOrigins(told?.lines ?? []);
    }

    return { node, draw: drawEditor };
  }

  function draw() {
    clip.hidden = !state.models.clip;
    editors.forEach((each) => each.draw());
  }
}
