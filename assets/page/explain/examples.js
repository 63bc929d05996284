// A strip of example photos, and beneath the photo what is wrong with it.

import { make } from "../shared/make.js";
import { drawers, state } from "./state.js";

export function examples(element, { pictures }, link) {
  const trouble = make("p", "hl-trouble", "", { role: "alert" });
  const list = make("div", "hl-thumbs", "", { role: "group", "aria-label": "Example photos" });
  pictures.forEach(({ title, src }, index) => {
    const button = make("button", "hl-thumb", "", { type: "button", title });
    button.append(make("img", "", "", { src, alt: title, width: "48", height: "48" }));
    button.addEventListener("click", () => {
      state.wanted = null;
      link.trigger("pick", { index });
    });
    list.append(button);
  });
  element.append(trouble, list);
  drawers.add(() => {
    trouble.textContent = state.photoError;
    trouble.hidden = !state.photoError;
    if (!state.wanted || state.wanted.sent) return;
    state.wanted.sent = true;
    link.trigger("pick", { index: state.wanted.index });
  });
}

// A photo the browser cannot show (a TIFF, say, or no picture at all) leaves its place empty, not a torn page.
for (const [happened, visibility] of [["error", "hidden"], ["load", ""]]) {
  const settle = ({ target }) => {
    if (target.matches?.("#photo img")) target.style.visibility = visibility;
  };
  document.addEventListener(happened, settle, true);
}
