// What the Explain tab knows, and its lines to Python. The other files here draw from `state` and change it through here.
//
// What a question carries is checked in tabs/explain/questions.py.

import * as drawing from "../shared/canvas.js";
import { lineOf } from "../shared/class-lines.js";
import * as maps from "../shared/maps.js";
import { FAMILIES, firstOf, methods, settings, titleOf } from "../shared/settings.js";
import { tab as newTab } from "../shared/tab.js";
import { keep } from "../shared/uploads.js";

const PATIENCE = 350; // ms after the last key before typed words are asked about
const PICTURES = 4; // photos kept
const NAMES = settings.categories.map(lineOf).join("\n");

const state = {
  photo: null, // one of `pictures`, the photo now, once Python has sent it
  photoThere: false, // whether one is chosen at all
  photoError: "",
  file: null, // the photo as Gradio holds it: {url, orig_name}
  wanted: null, // {name, key, index, point, sent}: the example that an address asks for, until it is there
  method: "attention",
  before: "", // the method there was when a patch was pinned
  depth: 1, // 0 = first layer, 1 = last
  head: 0, // 0 = mean of heads, 1 = the first head
  opacity: 0.65,
  seen: false, // whether each column shows what its model sees
  ownScale: false, // stretch each map by itself instead of one scale for all heads and layers of a model
  target: null, // null = each model's own answer, or {name, family, index}
  from: null, // what another tab's picture came with: {tab, truth, names, models, labelMaps}; picture: {set, limit, place, key} of one of a set
  point: null, // the pinned place, {x, y} as fractions of the photo
  hover: null, // the place pointed at, the same
  touched: FAMILIES[0], // the column whose heads and layers are laid out below
  columns: Object.fromEntries(FAMILIES.map((family) => [family, column(family)])),
};
const pictures = new Map(); // photo key → {width, height, large, small}, the last few
let asked = 0; // counts answers, to tell one from another

function column(family) {
  return {
    family,
    title: titleOf(family),
    model: firstOf(family),
    names: NAMES, // what CLIP chooses from, and how it is asked, as on the Prompts tab
    templates: settings.template,
    busy: false,
    error: "",
    answer: null, // the last answer, with its maps decoded
    point: null, // attention from the pinned patch: {layers, error}
    slow: null, // a method that runs the model again: {method, state, done, map, note, error}
    answered: "", // the checkpoint that answered last, so that it is loaded
  };
}

const tab = newTab("explain", state, {
  asks: (line) => {
    const [kind, family] = line.split("_");
    return FAMILIES.includes(family) ? question(kind, family) : {};
  },
  start: () => {}, // the photo starts it
  failed: (line, lost) => {
    const [kind, family] = line.split("_");
    const found = state.columns[family];
    if (line === "of_set") state.wanted = null;
    if (kind === "look") Object.assign(found, { busy: false, error: lost });
    if (kind === "point" && found.point) found.point = { error: lost };
    if (kind === "slow" && found.slow?.state === "running") Object.assign(found.slow, { state: "error", error: lost });
    if (line === "picture") state.photoError = lost;
  },
});
const { drawers, pointers, hearers, redraw, set, point } = tab;

function question(kind, family) {
  const found = state.columns[family];
  const { target } = state;
  return {
    model: found.model,
    names: found.names,
    templates: found.templates,
    among: state.from?.names.join("\n") ?? "",
    label_map: state.from?.models[family] === found.model ? state.from.labelMaps[family] : null, // it speaks of one model's outputs
    target: target && (target.family === family ? target.index : target.name),
    point: kind === "point" && state.point ? [state.point.x, state.point.y] : null,
    method: kind === "slow" ? (found.slow?.method ?? "") : "",
    held: found.answer ? found.answer.base : "",
  };
}

function ask(family) {
  const found = state.columns[family];
  Object.assign(found, { busy: state.photoThere, error: "" });
  dropSlow(found);
  if (state.photoThere) tab.ask(`look_${family}`);
  else {
    ["look", "point"].forEach((kind) => tab.cancel(`${kind}_${family}`));
    found.answer = null;
  }
  redraw();
}

const timers = {};
function askSoon(family) {
  clearTimeout(timers[family]);
  timers[family] = setTimeout(() => ask(family), PATIENCE);
}

for (const family of FAMILIES) {
  const found = state.columns[family];

  hearers[`look_${family}`] = (value) => {
    Object.assign(found, { busy: false, error: value.error || value.wrong?.text || "" });
    const held = found.answer;
    found.answer = null;
    if (!value.top) return;
    found.answer = maps.unpacked(value, held);
    found.answered = found.model;
    found.answer.asked = asked += 1;
    if (state.point) askPoint(found);
    if (methods[state.method].slow) askSlowly(found);
  };

  hearers[`point_${family}`] = (value) => {
    if (!state.point) return;
    found.point = value.error || value.wrong ? { error: value.error ?? value.wrong.text } : { layers: value.attention.map(maps.unpack), asked: (asked += 1) };
  };

  hearers[`slow_${family}`] = (value) => {
    if (!found.slow) return;
    if (value.error || value.wrong) Object.assign(found.slow, { state: "error", error: value.error ?? value.wrong.text });
    else if (value.data) Object.assign(found.slow, { state: "done", ...maps.unpack(value), note: value.note });
    else found.slow.done = value.done ?? found.slow.done;
  };
}

// The photo. `file` is what gr.Image holds: null, or a file on the server.
function photoChanged(file) {
  set({ photoThere: Boolean(file), photoError: "", photo: file ? state.photo : null, point: null, hover: null });
  Object.values(state.columns).forEach((found) => (found.point = null));
  state.file = file;
  if (file) tab.ask("picture");
  FAMILIES.forEach(ask);
}

hearers.picture = (value) => {
  if (!state.photoThere || (!value.src && !value.error)) return;
  if (value.error) return set({ photo: null, photoError: value.error });
  const image = new Image();
  image.onload = () => {
    pictures.delete(value.key);
    pictures.set(value.key, { ...value, ...drawing.picture(image) });
    if (pictures.size > PICTURES) pictures.delete(pictures.keys().next().value);
    set({ photo: pictures.get(value.key), photoError: "" });
    if (state.file) keep(value.key, state.file);
    if (state.wanted?.key === value.key) arrived();
  };
  image.src = value.src;
};

function arrived() {
  const { point } = state.wanted;
  state.wanted = null;
  if (point) pin(point);
}

// Asking from a patch.
function pin(place) {
  const before = state.point ? state.before : state.method; // letting the patch go brings the method back
  set(place ? { point: place, before, method: "attention" } : { point: null, before: "", method: state.before || state.method });
  Object.values(state.columns).forEach((found) => {
    found.point = null;
    if (place && found.answer) askPoint(found);
  });
}

function askPoint(found) {
  found.point = { busy: true };
  tab.ask(`point_${found.family}`);
}

// What runs the model again takes seconds to minutes: it starts when it is chosen, and can be stopped.
function chooseMethod(method) {
  set({ method, before: "", point: method === "attention" ? state.point : null });
  if (!methods[method].slow) return;
  Object.values(state.columns).forEach((found) => found.answer && found.slow?.method !== method && askSlowly(found));
}

function askSlowly(found) {
  found.slow = { method: state.method, state: "running", done: 0 };
  tab.ask(`slow_${found.family}`);
  redraw();
}

function stopSlowly(found) {
  found.slow = { method: found.slow.method, state: "stopped" };
  tab.cancel(`slow_${found.family}`);
  redraw();
}

function dropSlow(found) {
  if (found.slow?.state === "running") stopSlowly(found);
  found.slow = null;
}

function chooseTarget(target) {
  const before = FAMILIES.map((family) => JSON.stringify(question("look", family).target));
  set({ target });
  FAMILIES.forEach((family, i) => {
    if (JSON.stringify(question("look", family).target) !== before[i]) ask(family);
  });
}

// Every model chooses among all it knows again, about the same photo.
function letGo() {
  set({ from: { ...state.from, names: [], labelMaps: {} }, target: null });
  FAMILIES.forEach(ask);
}

export {
  NAMES, tab, state, letGo, pictures, drawers, pointers, redraw, set, point, ask, askSoon, question, photoChanged, pin, chooseMethod,
  chooseTarget,
  askSlowly, stopSlowly,
};
