// A list of groups [title, [{name, title, note}]], or in its place a field for a Hub id.

import { make } from "./make.js";
import { limits } from "./settings.js";

export function choice({ drawers }, label, groups, placeholder, chosen, choose) {
  const HUB = "hub"; // the choice that opens the field
  const box = make("div", "hl-choice");
  const list = make("select", "hl-select", "", { "aria-label": label });
  for (const [title, entries] of groups) {
    if (!entries.length) continue;
    const group = make("optgroup", "", "", { label: title });
    for (const { name, title: words, note } of entries) group.append(make("option", "", words, { value: name, title: note ?? name }));
    list.append(group);
  }
  list.append(make("option", "", "Another from the Hub…", { value: HUB }));
  const typed = make("div", "hl-typed");
  const field = make("input", "hl-field", "", {
    type: "text", placeholder, "aria-label": `Hub id: ${label}`, spellcheck: "false", autocapitalize: "off", autocomplete: "off", maxlength: String(limits.name),
  });
  const back = make("button", "hl-icon", "×", { type: "button", "aria-label": "Back to the list" });
  typed.append(field, back);
  typed.hidden = true;
  const words = make("span", "hl-choice-label", label);
  box.append(words, list, typed);
  list.addEventListener("change", () => {
    if (list.value !== HUB) return choose(list.value);
    [list.hidden, typed.hidden] = [true, false];
    field.focus();
  });
  field.addEventListener("change", () => field.value.trim() && choose(field.value.trim()));
  back.addEventListener("click", () => {
    [list.hidden, typed.hidden] = [false, true];
    list.focus();
    choose([...list.options].some(({ value }) => value === chosen()) ? chosen() : list.options[0].value);
  });
  drawers.add(() => {
    if (!list.hidden && [...list.options].some(({ value }) => value === chosen())) list.value = chosen();
  });
  return { box, list };
}
