// Over a map: what it waits for, how far it is, or in one sentence why there is none.

import { make } from "../shared/make.js";
import * as wording from "../shared/wording.js";
import { ask, askSlowly, state, stopSlowly } from "./state.js";
import { methods } from "../shared/settings.js";

export function noticeOver(column) {
  const node = make("div", "hl-over");
  const chip = make("div", "hl-chip", "", { role: "status" });
  const panel = make("div", "hl-notice");
  const sentence = make("p");
  const progress = make("progress", "", "", { max: "1" });
  const act = make("button", "hl-button", "", { type: "button" });
  panel.append(sentence, progress, act);
  node.append(panel, chip);
  act.addEventListener("click", () => {
    if (column.error) ask(column.family);
    else if (column.slow?.state === "running") stopSlowly(column);
    else askSlowly(column);
  });

  function words(map) {
    const slow = map?.slow;
    if (!state.photoThere) return "Choose a photo, paste one, or pick an example.";
    if (state.photoError) return "No photo to look at yet."; // what is wrong stands beside the photo
    if (column.error) return column.error;
    if (map?.missing) return map.missing;
    const { title } = methods[state.method];
    if (slow?.state === "running") return `${title}: ${Math.round(slow.done * 100)} %`;
    return slow ? slow.error || `${title}: stopped.` : "";
  }

  // now: {picture, map, view}, or null where there is not even a photo.
  function draw(now) {
    const slow = column.error ? null : now?.map?.slow;
    const text = words(now?.map);
    panel.hidden = !text;
    panel.classList.toggle("hl-bare", !now);
    panel.classList.toggle("hl-alert", Boolean(slow?.error || (column.error && !state.photoError)));
    sentence.textContent = text;
    progress.hidden = slow?.state !== "running";
    progress.value = slow?.done ?? 0;
    progress.setAttribute("aria-label", methods[state.method].title);
    act.hidden = !slow && !column.error;
    act.textContent = column.error ? "Try again" : slow?.state === "running" ? "Cancel" : "Run";
    const known = column.answered === column.model;
    chip.textContent = column.busy ? `${known ? "Looking with" : "Loading"} ${wording.short(column.model, 48)}…` : "";
    chip.hidden = !column.busy;
  }

  return { node, draw };
}
