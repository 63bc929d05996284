// One picture under up to four templates side by side; and the lesson.

import { button, card, five, rows } from "./parts.js";
import { another, compareSoon, look, others, send, state } from "./state.js";
import { make } from "../shared/make.js";
import { limits } from "../shared/settings.js";

export function image(element, { compared }) {
  card(element, "One picture, up to four templates", draw);
  const MOST = 4;
  let followed = ""; // the first template, as long as it follows the box and is not the person's own
  if (!state.compared.length) state.compared = [state.templates, ...compared].slice(0, MOST);
  followed = state.compared[0];

  const both = make("div", "hl-one");
  const left = make("div", "hl-one-picture");
  const right = make("div", "hl-one-answers");
  both.append(left, right);
  element.append(both);

  const image = make("img", "hl-one-image", "", { alt: "" });
  const words = make("p", "hl-hint");
  const some = make("div", "hl-thumbs hl-some", "", { role: "group", "aria-label": "Pictures of the set" });
  const acts = make("div", "hl-acts");
  acts.append(
    button("Another", another, "The next picture"),
    button("Others", () => others(), "Eight other pictures of the set"),
    button("Upload…", () => /** @type {HTMLElement} */ (document.querySelector("#prompts-photo"))?.click(), "A picture of your own"),
  );
  const trouble = make("p", "hl-trouble", "", { role: "alert" });
  left.append(image, words, some, acts, trouble);

  const fillSome = rows(some, () => {
    const made = { node: make("button", "hl-thumb", "", { type: "button" }) };
    const small = make("img", "", "", { alt: "" });
    made.node.append(small);
    made.node.addEventListener("click", () => look(made.place));
    made.draw = ({ place, src, truth, condition }) => {
      made.place = place;
      if (small.src !== src) small.src = src;
      small.alt = made.node.title = [truth, condition].filter(Boolean).join(", ");
    };
    return made;
  });

  const columns = Array.from({ length: MOST }, (_, i) => {
    const node = make("section", "hl-under", "", { "aria-label": `Template ${i + 1} of four` });
    const field = make("input", "hl-field", "", {
      type: "text", "aria-label": `Template ${i + 1}; {} stands for the class name`, spellcheck: "false", maxlength: String(limits.line), placeholder: "a template with {}",
    });
    field.addEventListener("input", () => {
      state.compared = state.compared.with(i, field.value);
      compareSoon();
    });
    const { node: bars, draw: fill } = five();
    const wrong = make("p", "hl-trouble");
    const open = button("Open in Explain", () => send(state.compared[i]), "See where CLIP looks for it with this template");
    node.append(field, bars, wrong, open);
    right.append(node);
    return { field, fill, wrong, open };
  });

  function draw() {
    const first = state.templates.split("\n").find((line) => line.trim())?.trim() ?? "";
    if (state.compared[0] === followed && first !== followed) {
      state.compared = state.compared.with(0, first);
      compareSoon();
    }
    if (state.compared[0] === first) followed = first;
    const answer = state.oneAnswer;
    image.hidden = !answer;
    if (answer && image.src !== answer.src) image.src = answer.src;
    image.alt = answer ? `The picture looked at: ${answer.truth ?? answer.name}` : "";
    words.textContent = answer ? [answer.truth, answer.name].filter(Boolean).join(" · ") : "";
    trouble.textContent = state.oneError;
    fillSome(state.some);
    columns.forEach(({ field, fill, wrong, open }, i) => {
      if (document.activeElement !== field && field.value !== state.compared[i]) field.value = state.compared[i];
      const under = answer?.answers[i];
      wrong.textContent = field.value.trim() ? (under?.error || under?.no_answer) ?? "" : "";
      wrong.className = under?.error ? "hl-trouble" : "hl-hint";
      wrong.hidden = !wrong.textContent;
      fill((field.value.trim() && under?.top) || [], answer?.truth);
      open.disabled = !under?.top;
    });
  }
}
