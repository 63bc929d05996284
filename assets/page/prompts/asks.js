// The rail of the Prompts tab: which pictures, which CLIP, which classes.

import { promptField } from "./field.js";
import { button } from "./parts.js";
import { drawers, edit, ownClasses, prepare, restore, state, stop } from "./state.js";
import { make } from "../shared/make.js";
import { settings } from "../shared/settings.js";
import { setPicker } from "../shared/set-picker.js";

export function asks(element, { draws }) {

  const models = settings.families.clip.checkpoints;
  const { pictures, progress, choice } = setPicker({ state, drawers, prepare, stop }, { draws, upload: "#prompts-file" });
  element.append(pictures(), progress(), checkpoint(), classes());

  function checkpoint() {
    /** @type {[string, import("../shared/settings.js").Checkpoint[]][]} */
    const groups = [["On this computer", models.filter(({ here }) => here)], ["Well known, downloaded once", models.filter(({ here }) => !here)]];
    const named = groups.map(([title, entries]) => [title, entries.map((entry) => ({ ...entry, title: entry.here ? `${entry.name} · ${entry.title}` : entry.title }))]);
    return choice("CLIP", named, "owner/name on the Hub", () => state.model, (model) => prepare({ model })).box;
  }

  function classes() {
    const box = make("details", "hl-choice hl-more hl-class-names");
    box.open = !window.matchMedia("(max-width: 720px)").matches;
    const top = make("div", "hl-choice-top");
    const label = make("label", "hl-choice-label", "Classes, one a line; synonyms after |", { for: "hl-prompts-classes" });
    const own = button("Reset", () => restore({ classes: ownClasses() }), "The set's own class names");
    top.append(label, own);
    const field = promptField("classes", { id: "hl-prompts-classes", rows: "10", "aria-label": "Class names, one a line" });
    box.append(make("summary", "", "Classes"), top, field.node);
    field.box.addEventListener("input", () => edit({ classes: field.box.value }));
    drawers.add(() => {
      field.draw(state.classes);
      own.disabled = !state.ready || state.classes === ownClasses();
    });
    return box;
  }
}
