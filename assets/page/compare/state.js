// What the Compare tab knows, and its lines to Python. The other files here draw from `state` and change it through here.
//
// What a question carries is checked in tabs/compare/asks.py. A picture is known by its place among the set's items.

import * as compareMaps from "./maps.js";
import { showInExplain } from "../explain/bring.js";
import * as drawing from "../shared/canvas.js";
import { lineOf } from "../shared/class-lines.js";
import { csv, save } from "../shared/saving.js";
import { say } from "../shared/says.js";
import { brought, isUpload } from "../shared/sets.js";
import { FAMILIES, firstOf, limits, settings } from "../shared/settings.js";
import { tab as newTab } from "../shared/tab.js";

const PATIENCE = 250; // ms after the last key before typed words are tried
const PAGE = limits.shown; // pictures of a cell shown at once

const state = {
  set: settings.set, // a name, a Hub id or an upload (shared/sets.js); on this one the models part
  limit: limits.pictures,
  models: Object.fromEntries(FAMILIES.map((family) => [family, firstOf(family)])), // "" = left out
  template: settings.template,
  ready: null, // the set, and of each model what keeps it from taking part
  preparing: null, // {done, doing} while it loads
  trouble: "", // why there is no set, or that it was stopped
  busy: false,
  answer: null, // the last good figures
  stale: false, // whether they are not of what stands in the boxes
  wrong: null, // {field, line, text} of what cannot be used
  error: "",
  cell: "", // the key of the agreement cell that is open
  wanted: null, // {cell, from, picture} that an address asks for, until the figures are there
  start: 0, // the number of the first picture shown in it
  pictures: null, // {cell, start, count, pictures, over}
  place: null, // the picture that is open
  look: null, // {place, name, truth, src, picture, models}
  lookError: "",
  maps: {}, // family → {busy, error, answer}, the answer as maps.js unpacks it
  method: "attention",
  hover: null, // the place pointed at in the picture, {x, y}
  era: 0, // counts the choices of pictures
  told: {}, // family → {text, lines, unmapped, suggested, …} of the label map, as Python told of it
  report: "", // how the report is coming along
};
const typed = new Map(); // set and model → the label map typed for them

const labelsKey = (family) => JSON.stringify([state.set, state.models[family]]);
const able = () => FAMILIES.filter((family) => state.models[family] && state.ready?.models[family] && !state.ready.models[family].error);
// The models whose figures are shown, or will be.
const rivals = () => (state.answer ? Object.keys(state.answer.cells[0].right) : FAMILIES.filter((family) => state.models[family]));

const tab = newTab("compare", state, {
  asks: () => ({
    set: state.set,
    file: isUpload(state.set),
    limit: state.limit,
    models: Object.fromEntries(able().map((family) => [family, state.models[family]])),
    template: state.template,
    labels: Object.fromEntries(FAMILIES.filter((family) => typed.has(labelsKey(family))).map((family) => [family, typed.get(labelsKey(family))])),
  }),
  start: () => prepare(),
  failed: (line, lost) => {
    if (line === "prepare") Object.assign(state, { preparing: null, trouble: lost });
    if (line === "attempt") Object.assign(state, { busy: false, error: lost });
    if (line === "look") state.lookError = lost;
    if (line === "report" || line === "table") state.report = lost;
    const [kind, family] = line.split("_");
    if (kind === "labels") state.told[family] = { ...state.told[family], error: lost };
    if (kind === "maps" && state.maps[family]) Object.assign(state.maps[family], { busy: false, error: lost });
  },
});
const { drawers, hearers, redraw, set, ask, cancel, pointers, point } = tab;

// The set and the models: each model is shown the pictures once, with a bar that can be stopped.

function prepare(changes = {}) {
  Object.assign(state, changes, { preparing: { done: 0, doing: "Getting ready" }, trouble: "", stale: true, busy: false });
  state.report = "";
  ["attempt", "report", "table"].forEach(cancel); // answers about other pictures, or other models'
  if ("set" in changes || "limit" in changes) {
    ["pick", "look", ...FAMILIES.map((family) => `maps_${family}`)].forEach(cancel); // answers about other pictures
    Object.assign(state, { ready: null, wrong: null, error: "", cell: "", place: null, look: null, maps: {}, told: {}, era: state.era + 1 }); // the figures stay, dimmed
  }
  ask("prepare", { models: Object.fromEntries(Object.entries(state.models).filter(([, name]) => name)) });
  redraw();
}

hearers.prepare = (value) => {
  if (value.doing !== undefined) return (state.preparing = value);
  state.preparing = null;
  if (value.error || value.wrong) return gone(value.error ?? value.wrong.text);
  state.ready = { ...value, asked: state.models };
  attempt();
};

function stop() {
  cancel("prepare");
  state.preparing = null;
  gone("Stopped. What was done is kept: it goes on from there.");
  if (state.ready) {
    state.models = state.ready.asked; // what there is was made with those
    attempt();
  }
  redraw();
}

// There is no set, and so no figures: those shown were another one's.
function gone(trouble) {
  state.trouble = trouble;
  if (!state.ready) Object.assign(state, { answer: null, pictures: null });
}

function fileChanged(file) {
  if (file) prepare({ set: brought(file) });
}

// The figures.

let timer = 0;
function edit(changes) {
  Object.assign(state, changes, { stale: true });
  clearTimeout(timer);
  timer = setTimeout(attempt, PATIENCE);
  redraw();
}

// A label map as typed; null is the one that the names tell.
function map(family, text) {
  if (text === null) typed.delete(labelsKey(family));
  else typed.set(labelsKey(family), text);
  edit({});
}
const mapOf = (family) => typed.get(labelsKey(family)) ?? null;

function attempt() {
  clearTimeout(timer);
  if (!state.ready || state.preparing) return;
  Object.assign(state, { busy: true, stale: true });
  ask("attempt");
  redraw();
}

hearers.attempt = (value) => {
  Object.assign(state, { busy: false, wrong: value.wrong ?? null, error: value.error ?? "" });
  if (!value.cells) return;
  const before = state.answer && rivals().join();
  Object.assign(state, { answer: value, stale: false });
  if (state.wanted) return openWanted();
  const same = before === rivals().join(); // else a pattern's key means another one
  const open = same && value.cells.some(({ key, count }) => key === state.cell && count) ? state.cell : value.first;
  openCell(open, state.place);
};

// What an address asks for; without a word, what opens by itself.
function openWanted() {
  const { cell = state.answer.first, from = 0, picture = null } = state.wanted;
  state.wanted = null;
  const known = state.answer.cells.some(({ key }) => key === cell);
  if (!known) say(`There is no pattern “${cell.slice(0, 40)}” of these models; the first is open.`);
  openCell(known ? cell : state.answer.first, picture, from);
}

// The pictures of a cell. keep: the picture to stay with, if it is still among them.

let kept = null;
function openCell(cell, keep = null, start = 0) {
  if (!state.ready || state.wrong) return;
  kept = keep;
  Object.assign(state, { cell, start });
  ask("pick", { cell, start });
  redraw();
}

hearers.pick = (value) => {
  if (!value.pictures) return (state.error = value.error ?? value.wrong?.text ?? "");
  state.pictures = { ...value, cell: state.cell, start: state.start };
  const places = value.pictures.map(({ place }) => place);
  const wanted = kept === "last" ? places.at(-1) : places.includes(kept) ? kept : places[0];
  if (wanted !== undefined) open(wanted);
};

const page = (step) => openCell(state.cell, null, Math.max(0, state.start + step * PAGE));

// One picture: what each model answers, and where each looked.

function open(place) {
  if (!state.ready) return;
  state.place = place;
  state.lookError = "";
  ask("look", { place });
  for (const family of rivals()) {
    state.maps[family] = { ...state.maps[family], busy: true, error: "" };
    ask(`maps_${family}`, { place, family, held: state.maps[family].answer?.base ?? "" });
  }
  redraw();
}

hearers.look = (value) => {
  if (!value.src) return (state.lookError = value.error ?? "");
  const image = new Image();
  image.onload = () => {
    if (value.place !== state.place) return;
    const { naturalWidth: width, naturalHeight: height } = image;
    set({ look: { ...value, picture: { width, height, ...drawing.picture(image) } } });
  };
  image.src = value.src;
};

for (const family of FAMILIES) {
  hearers[`maps_${family}`] = (value) => {
    const answer = value.maps ? compareMaps.unpacked(value, state.maps[family]?.answer) : null;
    state.maps[family] = { busy: false, error: value.error ?? value.wrong?.text ?? "", answer };
  };
}

// The number of the open picture in its cell, from 0; null where it is not there.
function numberOf() {
  const at = state.pictures?.pictures.findIndex(({ place }) => place === state.place) ?? -1;
  return at < 0 ? null : state.pictures.start + at;
}

// The next picture of the cell, or the one before; over the edge of a page lies the next page.
function step(by) {
  const number = numberOf();
  if (!state.ready || number === null || state.pictures.cell !== state.cell) return;
  const { start, count, pictures } = state.pictures;
  const next = number + by;
  if (next < 0 || next >= count) return;
  const found = pictures[next - start];
  if (found) open(found.place);
  else openCell(state.cell, by < 0 ? "last" : null, by < 0 ? Math.max(0, start - PAGE) : start + PAGE);
}

for (const family of FAMILIES) {
  hearers[`labels_${family}`] = (value) => {
    state.told[family] = value.text === undefined ? { ...state.told[family], error: value.error ?? "" } : value;
  };
}

// What people take away, and the way to Explain.

function send() {
  if (state.ready && state.place !== null) ask("send", { place: state.place });
}
hearers.send = (value) => {
  if (!value.src) return (state.lookError = value.error ?? "");
  const models = Object.fromEntries(able().map((family) => [family, state.models[family]]));
  const { src, key, place, names, truth, label_maps: labelMaps } = value;
  const ofTruth = state.method === "truth";
  const view = { method: ofTruth ? "gradcam" : state.method, target: ofTruth ? { name: truth, family: null, index: null } : null, depth: 1, head: 0 };
  const from = { tab: "compare", truth, names, labelMaps, picture: { set: state.set, limit: state.limit, place, key } };
  showInExplain({ src, name: state.look?.name, models, classes: names.map(lineOf).join("\n"), templates: state.template, from, view });
};

function take(line) {
  set({ report: "Writing it…" });
  ask(line);
}
hearers.report = (value) => {
  state.report = value.error ?? value.wrong?.text ?? "";
  if (value.html) save(value.html, "headlight-compare.html", "text/html;charset=utf-8");
};
hearers.table = (value) => {
  state.report = value.error ?? value.wrong?.text ?? "";
  if (value.rows) save(csv(value.rows), "headlight-compare.csv", "text/csv;charset=utf-8");
};

export {
  tab, state, drawers, redraw, set, ask, cancel, pointers, point, PAGE, rivals, prepare, stop, fileChanged,
  edit, map, mapOf, openCell, openWanted, page, open, numberOf, step, send, take,
};
