// The colour bar under a map, with its numbers.

import * as colour from "./colour.js";
import { make } from "./make.js";
import * as wording from "./wording.js";

export function colourBar() {
  const node = make("div", "hl-scale");
  const ramp = make("canvas", "hl-bar", "", { "aria-hidden": "true" });
  const ends = make("div", "hl-ends");
  node.append(ramp, ends);
  let drawn = "";

  function draw(map) {
    const there = Boolean(map?.values);
    const key = there ? [map.low, map.high, map.clipped, map.signed].join() : "";
    if (key === drawn) return;
    drawn = key;
    node.classList.toggle("hl-empty", !there);
    if (!there) return;
    const shades = colour.ramp(map.signed);
    [ramp.width, ramp.height] = [shades.width, 1];
    ramp.getContext("2d").drawImage(shades, 0, 0);
    const place = map.signed ? 0.5 : 1 / map.high; // of the tick: zero, or an even share
    const high = `${map.clipped ? "≥ " : ""}${wording.number(map.high, map.signed)} ${map.signed ? "logits" : "× even"}`;
    const low = map.signed || place > 0.08 ? wording.number(map.low, map.signed) : "";
    const tick = make("span", "hl-tick", place < 0.75 ? (map.signed ? "0" : "1 ×") : "");
    tick.style.left = `${place * 100}%`;
    tick.hidden = place >= 0.75;
    ends.replaceChildren(make("span", "", low), tick, make("span", "", high));
  }

  return { node, draw };
}
