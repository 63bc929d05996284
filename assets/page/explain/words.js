// What a column's map shows, in words: under it, in its alt text and in what is exported.

import * as wording from "../shared/wording.js";
import { methods } from "../shared/settings.js";
import { headsOf, layerOf } from "./maps.js";
import { state } from "./state.js";

const TOUCH = window.matchMedia("(hover: none)").matches;

// What stands under the map: the value pointed at, or else what pointing would do; and which of the two it is.
export function reading(now) {
  if (!now?.map?.values) return ["", false];
  if (state.hover) return [wording.pointed(now, state.hover), true];
  if (state.point) return [TOUCH ? "Tap the patch again to let it go." : "Click the patch again, or press Esc, to let it go.", false];
  return [`${TOUCH ? "Tap" : "Click"} a patch to ${state.method === "attention" ? "ask what it attends to" : "see its attention instead"}.`, false];
}

// [what, which]: "Attention from [CLS]", "layer 6 of 6, mean of 3 heads".
export function title(column, map) {
  const { answer } = column;
  const target = wording.short(answer.target.label);
  const given = `its probability ${wording.percent(answer.target.probability)}`;
  const method = methods[state.method];
  const layer = (map?.layer ?? layerOf(column)) + 1;
  if (state.method === "rollout") {
    const layers = layer === 1 ? "layer 1" : `layers 1–${layer}`;
    return [`Rollout, ${layers} of ${answer.layers}`, "mean of heads, for any class"];
  }
  if (state.method !== "attention") {
    const place = method.takes.includes("layer") ? `layer ${layer} of ${answer.layers}` : method.reads;
    return method.targeted ? [`${method.title} for “${target}”`, `${place}; ${given}`] : [method.title, `${place}, for any class`];
  }
  const what = state.point
    ? "Attention from the pinned patch"
    : answer.readout
      ? `Attention from ${answer.readout}`
      : "Attention each patch received";
  const heads = map?.heads ?? headsOf(column, layer - 1);
  const head = map?.head ? `head ${map.head} of ${heads}` : heads === 1 ? "its one head" : `mean of ${heads} heads`;
  return [what, `layer ${layer} of ${answer.layers}, ${head}, for any class`];
}

// What else must be said of this map.
export function remarks(column, map) {
  const { answer } = column;
  const said = [];
  if (state.target && !answer.target.known) {
    said.push(`This model has no class “${wording.short(state.target.name)}”; it explains its own answer.`);
  }
  said.push(...answer.notes.filter((note) => note !== answer.no_answer)); // that one stands above the answers
  if (!map || map.missing) return said;
  if (map.wanted > map.head) said.push(`This layer has no head ${map.wanted}: its mean is shown.`);
  if (map.note) said.push(map.note);
  if (map.values && !map.signed) {
    const inside = map.values.reduce((a, b) => a + b, 0) / map.values.length;
    if (inside < 0.995 && answer.readout) said.push(`${wording.percent(1 - inside)} went to ${answer.readout} itself.`);
  }
  return said;
}

// For those who cannot see the map.
export function alt(column, map) {
  if (!column.answer) return `${column.title}: no map yet`;
  const [what, which] = title(column, map);
  if (!map?.values) return `${column.title}: ${what}, ${which}: no map`;
  return `${column.title}: ${what}, ${which}, over the photo, ${wording.extremes(map)}`;
}
