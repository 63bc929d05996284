// What people take away: the three maps as one picture with their words, and every array behind them.

import * as drawing from "../shared/canvas.js";
import * as colour from "../shared/colour.js";
import * as maps from "../shared/maps.js";
import * as npz from "../shared/npz.js";
import { NO_ANSWER } from "../shared/parts.js";
import { save } from "../shared/saving.js";
import { FAMILIES, settings } from "../shared/settings.js";
import * as wording from "../shared/wording.js";
import * as chosen from "./maps.js";
import * as words from "./words.js";
import { pictures, state } from "./state.js";

const SIDE = 640; // of one map, pixels
const GAP = 32;
const [INK, QUIET, PAPER] = ["#1b1d1f", "#55595e", "#ffffff"];

const keep = (blob, ending) => save(blob, `headlight-${state.method.replaceAll("_", "-")}.${ending}`);

const answered = () => FAMILIES.map((family) => state.columns[family]).filter((column) => column.answer);

function picture() {
  const columns = answered();
  const canvas = document.createElement("canvas");
  canvas.width = columns.length * (SIDE + GAP) + GAP;
  canvas.height = SIDE + 270;
  const context = canvas.getContext("2d");
  context.fillStyle = PAPER;
  context.fillRect(0, 0, canvas.width, canvas.height);
  columns.forEach((column, i) => sheet(context, column, GAP + i * (SIDE + GAP)));
  canvas.toBlob((blob) => keep(blob, "png"));
}

function sheet(context, column, x) {
  const { answer, family } = column;
  const map = chosen.current(column);
  const shown = pictures.get(answer.photo);
  const line = (text, y, size, colour = INK, weight = 400) => {
    context.font = `${weight} ${size}px "IBM Plex Sans", sans-serif`;
    context.fillStyle = colour;
    context.fillText(text, x, y, SIDE);
  };
  context.fillStyle = settings.families[family].colour;
  context.fillRect(x, 24, SIDE, 6);
  line(`${column.title}  ${wording.short(answer.model, 50)}`, 66, 28, INK, 600);
  const best = answer.top[0];
  line(answer.no_answer ? NO_ANSWER : `answers ${wording.short(best.label, 40)}, ${wording.percent(best.probability)}`, 100, 22, QUIET);
  context.fillStyle = "#f0f0ec";
  context.fillRect(x, 120, SIDE, SIDE);
  if (shown) {
    const frame = drawing.frame(shown, SIDE, SIDE);
    const box = { ...frame, x: frame.x + x, y: frame.y + 120 };
    drawing.paint(context, box, shown, map, answer.view, state.opacity);
    const at = state.point && map?.values && maps.patchAt(map, answer.view, state.point);
    if (at) drawing.outline(context, box, map, answer.view, at, true);
  }
  const [what, which] = words.title(column, map);
  let y = SIDE + 140;
  if (map?.values) {
    context.imageSmoothingEnabled = true;
    context.drawImage(colour.ramp(map.signed), x, y, SIDE, 14);
    const unit = map.signed ? " logits" : " × an even share";
    line(wording.number(map.low, map.signed), y + 38, 20, QUIET);
    context.textAlign = "right";
    context.fillText(`${map.clipped ? "≥ " : ""}${wording.number(map.high, map.signed)}${unit}`, x + SIDE, y + 38);
    context.textAlign = "left";
  }
  line(what, y + 76, 24, INK, 600);
  line(which, y + 106, 22, QUIET);
}

// Shares and logits as the methods return them, not multiplied for display.
function arrays() {
  const found = {};
  const about = { method: state.method, point: state.point, models: {} };
  for (const column of answered()) {
    const { answer, family } = column;
    about.models[family] = {
      checkpoint: answer.model,
      view: answer.view,
      top: answer.top,
      target: answer.target.label,
      score: answer.score,
      layer: chosen.layerOf(column) + 1,
      head: state.head || "mean",
      attention: "(1 + heads, rows, cols) a layer, the mean of heads first",
    };
    const layered = (name) => (layer, i) => (found[`${family}_${name}_${String(i + 1).padStart(2, "0")}`] = layer);
    answer.attention.forEach(layered("attention"));
    for (const [method, map] of Object.entries(answer.maps)) if (map.values) found[`${family}_${method}`] = map;
    if (column.slow?.state === "done") found[`${family}_${column.slow.method}`] = column.slow;
    column.point?.layers?.forEach(layered("patch_attention"));
  }
  keep(npz.pack({ about: JSON.stringify(about), ...found }), "npz");
}

export { picture, arrays };
