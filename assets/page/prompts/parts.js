// The shared pieces as the Prompts tab uses them.

import { look, state, tab } from "./state.js";
import * as parts from "../shared/parts.js";
import * as wording from "../shared/wording.js";

export * from "../shared/parts.js";

const tiles = (caption, bars = true) =>
  parts.tiles({ look: ({ place }) => look(place), means: "click to look at it under several templates", caption, bars });

function card(element, title, draw) {
  element.dataset.family = "clip";
  return parts.card(tab, element, title, draw, () => state.stale || Boolean(state.preparing));
}

// A prompt in few words: "a photo of a {}" or "a photo of a {} + 6 more".
function brief(templates, most = 60) {
  const all = templates.split("\n").map((line) => line.trim()).filter(Boolean);
  const more = all.length > 1 ? ` + ${all.length - 1} more` : "";
  return wording.short(all[0] ?? "nothing", most) + more;
}

export { tiles, card, brief };
