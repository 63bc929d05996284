// The rail of the Compare tab: which pictures, which models, what CLIP is asked, and what to take away.

import { drawers, edit, prepare, state, stop, tab, take } from "./state.js";
import { choice } from "../shared/choice.js";
import { make } from "../shared/make.js";
import { button } from "../shared/parts.js";
import { setPicker } from "../shared/set-picker.js";
import { FAMILIES, settings, titleOf } from "../shared/settings.js";

export function asks(element, { draws }) {
  const { pictures, progress } = setPicker({ state, drawers, prepare, stop }, { draws, upload: "#compare-file" });
  const more = make("details", "hl-more"); // on a phone the numbers come first
  more.open = !window.matchMedia("(max-width: 720px)").matches;
  more.append(make("summary", "", "Models, CLIP’s templates, report …"), ...FAMILIES.map(checkpoint), templates(), exports());
  element.append(pictures(), progress(), more);

  function checkpoint(family) {
    const offered = settings.families[family].checkpoints;
    const here = offered.filter((each) => each.here).map((each) => ({ ...each, title: `${each.name} · ${each.title}` }));
    const groups = [
      ["On this computer", here],
      ["Well known, downloaded once", offered.filter((each) => !each.here)],
      ["Or", [{ name: "", title: `Leave ${titleOf(family)} out` }]],
    ];
    const { box } = choice(tab, titleOf(family), groups, "owner/name on the Hub", () => state.models[family], (model) => {
      if (model !== state.models[family]) prepare({ models: { ...state.models, [family]: model } });
    });
    box.classList.add("hl-compared");
    box.dataset.family = family;
    const trouble = make("p", "hl-trouble", "", { role: "alert" });
    const again = button("Try again", () => prepare());
    box.append(trouble, again);
    drawers.add(() => {
      trouble.textContent = state.models[family] ? state.ready?.models[family]?.error ?? "" : "";
      trouble.hidden = !trouble.textContent;
      again.hidden = !trouble.textContent || Boolean(state.preparing);
    });
    return box;
  }

  function templates() {
    const box = make("div", "hl-choice");
    const label = make("label", "hl-choice-label", "CLIP’s templates, one a line", { for: "hl-compare-template" });
    const says = make("div", "hl-says", "", { id: "hl-compare-template-says", "aria-live": "polite" });
    const field = make("textarea", "hl-field", "", {
      id: "hl-compare-template", rows: "2", "aria-label": "CLIP's templates, one a line; {} stands for the class name",
      spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-describedby": says.id,
    });
    box.append(label, field, says);
    field.addEventListener("input", () => edit({ template: field.value }));
    drawers.add(() => {
      if (document.activeElement !== field && field.value !== state.template) field.value = state.template;
      box.hidden = !state.models.clip;
      const wrong = ["templates", "classes"].includes(state.wrong?.field) ? state.wrong : null;
      field.classList.toggle("hl-wrong", Boolean(wrong));
      field.setAttribute("aria-invalid", String(Boolean(wrong)));
      const notes = wrong ? [wrong.text] : (state.answer?.models.clip?.notes ?? []);
      const key = JSON.stringify(notes);
      if (says.dataset.key === key) return;
      says.dataset.key = key;
      says.replaceChildren(...notes.map((text) => make("p", wrong ? "hl-trouble" : "", text)));
    });
    return box;
  }

  function exports() {
    const box = make("div", "hl-choice");
    const acts = make("div", "hl-exports");
    const both = [
      button("Download report", () => take("report"), "Everything here as one HTML file that opens without internet"),
      button("Download CSV", () => take("table"), "One row per picture: its label and every model's answer"),
    ];
    acts.append(...both);
    const says = make("p", "hl-hint hl-report-says", "", { role: "status" });
    box.append(acts, says);
    drawers.add(() => {
      for (const act of both) act.disabled = !state.answer || state.stale;
      says.textContent = state.report;
    });
    return box;
  }
}
