// Which labelled pictures a tab looks at, and how far they are. Of the tab it reads state.set, limit, ready,
// preparing and trouble, and calls prepare(changes) and stop().

import { choice as newChoice } from "./choice.js";
import { make } from "./make.js";
import { button, count } from "./parts.js";
import { isUpload, nameOf, uploaded } from "./sets.js";
import { settings } from "./settings.js";
import * as wording from "./wording.js";

export function setPicker(tab, { draws, upload: field }) {
  const { sets } = settings;
  const { state, drawers, prepare, stop } = tab;

  const choice = (...asked) => newChoice(tab, ...asked);

  function pictures() {
    const groups = [["On this computer", sets.filter(({ here }) => here)], ["Well known, downloaded once", sets.filter(({ here }) => !here)]];
    const { box, list } = choice("Pictures", groups, "owner/name on the Hub", () => state.set, (set) => prepare({ set }));
    const own = make("optgroup", "", "", { label: "Uploaded in this visit" });
    const more = make("div", "hl-choice-more");
    const upload = button("Upload a set…", () => document.querySelector(field)?.click(), "A zip with <class>/picture or a table of files and labels; or a parquet file with an image and a label column");
    const draw = make("select", "hl-select", "", { "aria-label": "How many pictures at most" });
    for (const most of draws) draw.append(make("option", "", `≤ ${most.toLocaleString("en")}`, { value: String(most) }));
    draw.addEventListener("change", () => prepare({ limit: Number(draw.value) }));
    more.append(upload, draw);
    box.append(more);
    drawers.add(() => {
      const names = uploaded();
      if (own.childElementCount !== names.length) own.replaceChildren(...names.map((name) => make("option", "", wording.short(nameOf(name), 40), { value: name })));
      if (names.length && !own.isConnected) list.prepend(own);
      if (isUpload(state.set)) list.value = state.set;
      draw.value = String(state.limit);
    });
    return box;
  }

  // What the pictures are, in words.
  function about() {
    const { ready } = state;
    if (!ready) return sets.find(({ name }) => name === state.set)?.note ?? "";
    const drawn = ready.total > ready.pictures ? `${ready.pictures.toLocaleString("en")} of ${count(ready.total, "picture")}` : count(ready.pictures, "picture");
    const kinds = ready.conditions.length ? `, ${count(ready.conditions.length, "condition")}` : "";
    const left = Object.entries(ready.skipped).map(([why, n]) => `${why}: ${n.toLocaleString("en")}`).join("; ");
    return `${drawn}, ${ready.classes.length.toLocaleString("en")} ${ready.classes.length === 1 ? "class" : "classes"}${kinds}.${left ? ` Left out: ${left}.` : ""}${ready.note ? ` ${ready.note}` : ""}`;
  }

  // How far the pictures are, in the place where else they are described.
  function progress() {
    const box = make("div", "hl-progress", "", { role: "status" });
    const words = make("p");
    const hint = make("p", "hl-hint");
    const bar = make("progress", "", "", { max: "1", "aria-label": "Preparing the pictures" });
    const act = button("Cancel", () => (state.preparing ? stop() : prepare()));
    const row = make("div", "hl-progress-row");
    row.append(bar, act);
    box.append(words, hint, row);
    drawers.add(() => {
      const { preparing, trouble } = state;
      box.classList.toggle("hl-alert", Boolean(trouble) && !trouble.startsWith("Stopped"));
      words.textContent = preparing ? `${preparing.doing}${preparing.done > 0 ? `: ${Math.round(100 * preparing.done)} %` : "…"}` : trouble;
      words.hidden = !words.textContent;
      hint.textContent = preparing ? "" : about();
      bar.hidden = !preparing;
      bar.value = preparing?.done ?? 0;
      row.hidden = !preparing && !trouble;
      act.textContent = preparing ? "Cancel" : "Try again";
    });
    return box;
  }

  return { pictures, progress, choice };
}
