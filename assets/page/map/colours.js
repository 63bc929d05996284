// What a point's colour means, and the legend that tells. Right and wrong also differ in shape.

import { able, answerOf, choose, kindOf, labelOf, state } from "./state.js";
import { NO_ANSWER } from "../shared/parts.js";
import { FAMILIES } from "../shared/settings.js";

const COLOURS = [
  ["label", "Label"],
  ["condition", "Condition"],
  ["answer", "What each model answers"],
  ["right", "Right or wrong"],
];
// Tableau's ten and two more; read on light and dark ground alike. Beyond them the rest is grey.
const SHADES = "#4e79a7 #f28e2b #59a14f #e15759 #b07aa1 #edc948 #76b7b2 #ff9da7 #9c755f #8cd17d #d37295 #499894".split(" ");
const REST = "#9aa0a6";
const [RIGHT, WRONG, SILENT] = ["#4477aa", "#ee6677", REST];

const indices = () => state.ready.chosen.map((_, index) => index);
const names = () => (state.colour === "condition" ? state.ready.conditions : state.ready.classes);

// The commonest classes have colours of their own.
function shades(sizes) {
  const order = [...sizes.keys()].sort((a, b) => sizes[b] - sizes[a] || a - b);
  const own = new Set(sizes.length > SHADES.length ? order.slice(0, SHADES.length - 1) : order);
  let next = 0;
  return sizes.map((_, code) => (own.has(code) ? SHADES[next++ % SHADES.length] : REST));
}

function counted(codes, length) {
  const counts = new Array(length).fill(0);
  for (const code of codes) if (code >= 0) counts[code] += 1;
  return counts;
}

// What was worked out for the set, the answers and the choice of colours there were; new ones are worked out anew.
const memory = new Map();
function once(name, parts, work) {
  const held = memory.get(name);
  if (held && held.parts.every((part, i) => part === parts[i])) return held.value;
  const value = work();
  memory.set(name, { parts, value });
  return value;
}

const told = () => (state.colour === "condition" ? kindOf : labelOf);
const counts = () => once("counts", [state.ready, state.colour], () => counted(indices().map(told()), names().length));
const palette = () => once("palette", [state.ready, state.colour], () => [...shades(counts()), REST]);

// A column: {palette, codes (index → place in the palette), wrong (index → whether its answer is wrong, or null)}.
const of = (family) =>
  once(family, [state.ready, state.colour, state.ready.models[family]?.answers], () => worked(family));

function worked(family) {
  const all = indices();
  if (state.colour === "right") {
    const codes = Uint16Array.from(all, (index) => (answerOf(family, index) < 0 ? 2 : answerOf(family, index) === labelOf(index) ? 0 : 1));
    return { palette: [RIGHT, WRONG, SILENT], codes, wrong: codes.map((code) => Number(code === 1)) };
  }
  const colours = palette();
  const code = { label: labelOf, condition: kindOf, answer: (index) => answerOf(family, index) }[state.colour];
  return { palette: colours, codes: Uint16Array.from(all, (index) => (code(index) < 0 ? colours.length - 1 : code(index))), wrong: null };
}

// Grey, where a picture on one of the maps has no answer.
function silent() {
  const some = Object.keys(able()).some((family) => indices().some((index) => answerOf(family, index) < 0));
  return some ? [{ label: NO_ANSWER, colour: SILENT, count: null }] : [];
}

function legend() {
  if (state.colour === "right")
    return [
      { label: "right", colour: RIGHT, count: null },
      { label: "wrong", colour: WRONG, count: null, wrong: true },
      ...once("silent", [state.ready, ...FAMILIES.map((family) => state.ready.models[family]?.answers)], silent),
    ];
  const colours = palette();
  const entries = names().map((label, code) => ({ label, code, colour: colours[code], count: state.colour === "answer" ? null : counts()[code] }));
  const own = entries.filter(({ colour }) => colour !== REST);
  const rest = entries.length - own.length;
  if (!rest) return own;
  const others = counts().filter((_, code) => colours[code] === REST).reduce((a, b) => a + b, 0);
  return [...own, { label: `${rest.toLocaleString("en")} others`, code: null, colour: REST, count: state.colour === "answer" ? null : others }];
}

// All pictures of one entry of the legend.
function pick({ code }) {
  const colours = palette();
  const of = told();
  choose(indices().filter((index) => (code === null ? colours[of(index)] === REST : of(index) === code)));
}

// A class's own colour, where colours tell classes.
const shade = (code) => (["label", "answer"].includes(state.colour) ? palette()[code] : null);

export { COLOURS, of, legend, pick, shade };
