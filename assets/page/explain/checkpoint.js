// Which checkpoint a column uses: a list, or in its place a field for any id on the Hub.

import { make } from "../shared/make.js";
import { limits, settings } from "../shared/settings.js";
import { ask } from "./state.js";

export function checkpoint(column) {
  const { checkpoints } = settings.families[column.family];
  const HUB = "hub"; // the choice that opens the field
  const node = make("div", "hl-checkpoint");
  const list = make("select", "hl-select", "", { "aria-label": `${column.title} checkpoint` });
  /** @type {[string, import("../shared/settings.js").Checkpoint[]][]} */
  const groups = [
    ["Bundled", checkpoints.filter((entry) => entry.bundled)],
    ["From this computer", checkpoints.filter((entry) => entry.here && !entry.bundled)],
    ["Well known, downloaded once", checkpoints.filter((entry) => !entry.here)],
  ];
  for (const [label, entries] of groups) {
    if (!entries.length) continue;
    const group = make("optgroup", "", "", { label });
    for (const { name, title, here } of entries) {
      group.append(make("option", "", here ? `${name} · ${title}` : title, { value: name, title: name }));
    }
    list.append(group);
  }
  list.append(make("option", "", "Another from the Hub…", { value: HUB }));

  const typed = make("div", "hl-typed");
  const field = make("input", "hl-field", "", {
    type: "text", placeholder: "owner/name on the Hub", "aria-label": `Hub id of a ${column.title}`,
    spellcheck: "false", autocapitalize: "off", autocomplete: "off", maxlength: String(limits.name),
  });
  const back = make("button", "hl-icon", "×", { type: "button", "aria-label": "Back to the list of checkpoints" });
  typed.append(field, back);
  typed.hidden = true;
  node.append(list, typed);

  function choose(name) {
    if (!name || name === column.model) return;
    column.model = name;
    ask(column.family);
  }

  column.choose = choose; // for other tabs

  // The model may be chosen elsewhere: it stands in the list, or as a typed id.
  let drawn = list.value;
  function draw() {
    if (drawn === column.model) return;
    drawn = column.model;
    const listed = checkpoints.some(({ name }) => name === drawn);
    [list.hidden, typed.hidden] = [!listed, listed];
    if (listed) list.value = drawn;
    else field.value = drawn;
  }

  list.addEventListener("change", () => {
    if (list.value !== HUB) return choose(list.value);
    [list.hidden, typed.hidden] = [true, false];
    field.focus();
  });
  field.addEventListener("change", () => choose(field.value.trim()));
  back.addEventListener("click", () => {
    [list.hidden, typed.hidden] = [false, true];
    const listed = checkpoints.some(({ name }) => name === column.model);
    list.value = listed ? column.model : checkpoints[0].name;
    choose(list.value);
    list.focus();
  });
  return { node, draw };
}
