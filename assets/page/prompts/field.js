// A box of lines with what is wrong with them, or worth knowing, beneath; the wrong line is named.

import { state } from "./state.js";
import { make } from "../shared/make.js";

export function promptField(name, attributes) {
  const node = make("div", "hl-lines");
  const says = make("div", "hl-says", "", { id: `${attributes.id}-says`, "aria-live": "polite" });
  const box = make("textarea", "hl-field", "", { spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-describedby": says.id, ...attributes });
  node.append(box, says);

  function draw(text) {
    if (box.value !== text) box.value = text;
    const wrong = state.wrong?.field === name ? state.wrong : null;
    box.classList.toggle("hl-wrong", Boolean(wrong));
    box.setAttribute("aria-invalid", String(Boolean(wrong)));
    const notes = wrong ? [wrong] : ((state.ready && state.answer?.notes) || []).filter(({ field }) => field === name);
    const key = JSON.stringify(notes);
    if (says.dataset.key === key) return;
    says.dataset.key = key;
    says.replaceChildren(...notes.map(({ text: words }) => make("p", wrong ? "hl-trouble" : "", words)));
  }

  return { node, box, draw };
}
