// The shared pieces as the Compare tab uses them.

import { state, tab } from "./state.js";
import { make } from "../shared/make.js";
import * as parts from "../shared/parts.js";

export * from "../shared/parts.js";

const card = (element, title, draw) => parts.card(tab, element, title, draw, () => state.stale || Boolean(state.preparing));

// "A", "A and B", "A, B and C".
const listed = (words) => (words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

// Right or wrong of each model, as dots in the models' colours and order; told in words beside them.
function dots(right) {
  const node = make("span", "hl-dots", "", { "aria-hidden": "true" });
  const made = Object.entries(right).map(([family]) => {
    const dot = make("i", "", "", { "data-family": family });
    node.append(dot);
    return [family, dot];
  });
  const draw = (now) => made.forEach(([family, dot]) => dot.classList.toggle("hl-is-right", now[family]));
  draw(right);
  return { node, draw };
}

function showLabels() {
  const card = document.querySelector(".hl-compare_labels .hl-widget");
  card.querySelectorAll("details").forEach((each) => (each.open = true));
  card.scrollIntoView({ block: "start" });
  card.querySelector("summary")?.focus();
}

export { card, listed, dots, showLabels };
