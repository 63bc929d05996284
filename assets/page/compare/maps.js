// Which map the Compare tab shows of a model, and its words. Scales are those of the Explain tab, so that a picture looks
// the same in both.

import * as maps from "../shared/maps.js";
import { methods } from "../shared/settings.js";
import * as wording from "../shared/wording.js";

const METHODS = [
  ["attention", "Attention", "Where the last layer took information from"],
  ["rollout", "Rollout", "Attention followed through all layers"],
  ["gradcam", "Grad-CAM: its answer", "Where features speak for what the model answered, or against it"],
  ["truth", "Grad-CAM: the truth", "Where features speak for what the picture shows, or against it"],
];

function unpacked(value, held) {
  const answer = maps.unpacked(value, held);
  if (answer && value.truth) answer.truth = { ...maps.unpack(value.truth), note: value.truth.note };
  return answer;
}

/**
 * The map of a model's answer, or {missing: why there is none}. Both its Grad-CAMs share one scale.
 * @returns {maps.MapOrReason}
 */
function current(answer, method) {
  const last = answer.layers - 1;
  if (method === "attention") {
    const group = answer.attention;
    return { ...maps.share(group, group[last], 0), heads: group[last].shape[0] - 1 };
  }
  if (method === "rollout") return maps.drawn(answer.maps.rollout, methods.rollout, last);
  const both = [answer.maps.gradcam, answer.truth ?? answer.maps.gradcam].map((packed) => maps.signed(packed));
  const high = Math.max(...both.map((each) => each.high));
  return { ...both[method === "truth" ? 1 : 0], low: -high, high };
}

// [what, which]: "Attention from [CLS]", "layer 6 of 6, mean of 3 heads".
function title(answer, method, map) {
  const { layers, readout, targets, answers } = answer;
  if (method === "attention") {
    const heads = map.heads === 1 ? "its one head" : `mean of ${map.heads} heads`;
    return [readout ? `Attention from ${readout}` : "Attention each patch received", `layer ${layers} of ${layers}, ${heads}`];
  }
  if (method === "rollout") return [`Rollout, layers 1–${layers} of ${layers}`, "mean of heads"];
  const { name, output } = targets[method === "truth" && targets.truth ? "truth" : "own"];
  const truth = targets.truth ? "the truth" : "the truth, which it answers";
  const whose = !answers ? "the truth; it has no answer" : method === "gradcam" ? "its answer" : truth;
  return [`Grad-CAM for “${wording.short(name)}”`, output === name ? `last layer, ${whose}` : `last layer, ${whose}; output “${wording.short(output, 24)}”`];
}

export { METHODS, unpacked, current, title };
