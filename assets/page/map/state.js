// What the Map tab knows, and its lines to Python. The other files here draw from `state` and change it through here.
//
// A picture is known by its index on the map; `state.ready.chosen[index]` is its place in the set, which Python knows.

import { showInExplain } from "../explain/bring.js";
import { lineOf } from "../shared/class-lines.js";
import * as maps from "../shared/maps.js";
import { FAMILIES, firstOf, limits, ranges, settings } from "../shared/settings.js";
import { brought, isUpload } from "../shared/sets.js";
import { tab as newTab } from "../shared/tab.js";

const PATIENCE = 180; // ms after the last move of a slider or key before a question goes out
const WISHES = 6000; // thumbnails waited for
const UNPLACED = "A map is missing; arrange the pictures first, then place the photo.";
const PACE = 900; // ms a layer stays while they are played

const state = {
  set: settings.set, // a name, a Hub id or an upload (shared/sets.js)
  limit: limits.pictures,
  models: Object.fromEntries(FAMILIES.map((family) => [family, firstOf(family)])),
  ready: null, // the set and every model's answers, as Python told of them
  preparing: null, // {done, doing} while it loads
  trouble: "", // why there is no set, or that it was stopped
  pool: "answer",
  depth: 1, // 0 = first layer, 1 = last
  method: "tsne",
  seed: 0,
  perplexity: ranges.perplexity[2],
  neighbors: ranges.neighbors[2],
  min_dist: ranges.min_dist[2],
  template: settings.template,
  wrong: null, // {field, line, text} of what cannot be used
  colour: "label",
  prompts: { marks: [], note: "", error: "" }, // family: whose they are; waits: until new maps stand
  prompt: null, // the id of the mark whose nearest pictures are shown
  photo: null, // {src, marks} of the placed picture, or {busy}, or {error}
  hover: null, // the index pointed at in any map
  chosen: [], // indices
  wanted: null, // places that an address asks for, until the set is there
  near: null, // {index, near: {family: {places, similarities}}}
  playing: false,
  view: null, // what all maps show, {x, y, scale}; null = everything
  columns: Object.fromEntries(FAMILIES.map((family) => [family, { busy: false, done: 0, doing: "", error: "", map: null, settings: null }])),
};
const tiles = new Map(); // index → {image, x, y, w, h}
const asking = new Set(); // indices of thumbnails on their way
let wished = new Set(); // and of those that are wanted next
const looks = new Map(); // index → {src, name, caption}
let era = 0; // counts the choices of pictures
let indices = new Map(); // place in the set → index on the map

const tab = newTab("map", state, {
  asks: () => ({
    set: state.set,
    file: isUpload(state.set),
    limit: state.limit,
    models: able(),
    pool: state.pool,
    depth: state.depth,
    method: state.method,
    seed: state.seed,
    perplexity: state.perplexity,
    neighbors: state.neighbors,
    min_dist: state.min_dist,
    template: state.template,
  }),
  start: () => prepare(),
  failed: (line, lost) => {
    if (line === "prepare") Object.assign(state, { preparing: null, trouble: lost });
    if (line === "prompts") state.prompts.error = lost;
    if (line === "place") state.photo = { error: lost };
    if (line === "thumbs") asking.clear();
    const [kind, family] = line.split("_");
    if (kind === "arrange") Object.assign(state.columns[family], { busy: false, error: lost });
    if (kind === "arrange" && state.photo?.busy) state.photo = { error: UNPLACED };
  },
});
const { drawers, hearers, redraw, set, ask, cancel, pointers } = tab;

// The models whose answers there are.
const able = () =>
  Object.fromEntries(FAMILIES.filter((family) => state.ready?.models[family] && !state.ready.models[family].error).map((family) => [family, state.models[family]]));
const first = () => Object.keys(able())[0];
const placeOf = (index) => state.ready.chosen[index];
const answerOf = (family, index) => state.ready.models[family]?.answers?.[placeOf(index)] ?? -1;
const labelOf = (index) => state.ready.labels[placeOf(index)];
const kindOf = (index) => state.ready.kinds[placeOf(index)];

// The set and the models: pictures are shown to each model once, with a bar that can be stopped.

function prepare(changes = {}) {
  const other = "set" in changes || "limit" in changes;
  if (state.preparing) cancel("prepare");
  Object.assign(state, changes, { preparing: { done: 0, doing: "Getting ready" }, trouble: "", playing: false });
  if (other) {
    FAMILIES.forEach((family) => stopped(family));
    Object.assign(state, { ready: null, photo: null, view: null });
    forget();
  }
  ask("prepare", { models: state.models });
  redraw();
}

hearers.prepare = (value) => {
  if (value.doing !== undefined) return (state.preparing = value);
  state.preparing = null;
  if (value.error || value.wrong) return (state.trouble = value.error ?? value.wrong.text);
  const before = JSON.stringify(state.ready?.chosen);
  state.ready = { ...value, asked: state.models };
  indices = new Map(value.chosen.map((place, index) => [place, index]));
  if (before && before !== JSON.stringify(value.chosen)) forget();
  arrangeAll();
  chooseWanted();
};

// The pictures that an address asks for.
function chooseWanted() {
  const found = state.wanted?.map(indexOf).filter((index) => index !== undefined);
  state.wanted = null;
  if (found?.join() !== state.chosen.join() && found) choose(found, state.prompt);
}

// Another choice of pictures: what is kept by index is of no use any more.
function forget() {
  era += 1;
  ["thumbs", "look", "near", "place", "prompts", "send"].forEach(cancel); // answers about other pictures
  [tiles, asking, wished, looks].forEach((kept) => kept.clear());
  Object.assign(state, { hover: null, chosen: [], near: null, prompt: null, prompts: { marks: [], note: "", error: "" } });
  FAMILIES.forEach((family) => (state.columns[family].map = null));
}

function stop() {
  cancel("prepare");
  if (state.ready) state.models = state.ready.asked; // the maps that stand are theirs
  set({ preparing: null, trouble: "Stopped. What was done is kept: it goes on from there." });
}

// The maps.

function arrangeAll() {
  if (!state.ready) return;
  for (const family of FAMILIES) {
    const column = state.columns[family];
    stopped(family);
    Object.assign(column, { error: state.ready.models[family]?.error ?? "" });
    if (!able()[family]) {
      column.map = null;
      continue;
    }
    Object.assign(column, { busy: true, done: 0, doing: "", settings: chosenSettings() });
    ask(`arrange_${family}`);
  }
  ["prompts", "place"].forEach(cancel); // marks belong to the maps there were
  Object.assign(state.prompts, { marks: [], waits: Boolean(able().clip) });
  if (state.photo) state.photo = state.photo.error ? { error: state.photo.error } : { src: state.photo.src, busy: true };
  if (state.near) askNear(state.near.index);
  redraw();
}

// What a map depends on; it keeps the settings it was made with.
const chosenSettings = () => Object.fromEntries(["pool", "depth", "method", "seed", "perplexity", "neighbors", "min_dist"].map((name) => [name, state[name]]));
const current = (family) => {
  const { map, busy } = state.columns[family];
  return Boolean(map) && !busy && JSON.stringify(map.settings) === JSON.stringify(chosenSettings());
};

// Marks are asked for once their map is there: they would make it again, and could not be stopped.
function mark(family) {
  if (family === "clip") askPrompts();
  if (state.photo?.busy) place();
}

function place() {
  const families = Object.keys(able());
  if (families.some((family) => state.columns[family].busy)) return; // until the last map is there
  if (families.every(current)) ask("place");
  else state.photo = { error: UNPLACED };
}

function stopped(family) {
  const column = state.columns[family];
  if (column.busy) cancel(`arrange_${family}`);
  column.busy = false;
}

function stopArranging() {
  FAMILIES.forEach((family) => {
    if (!state.columns[family].busy) return;
    stopped(family);
    state.columns[family].error = "Stopped.";
  });
  if (state.photo?.busy) state.photo = { error: UNPLACED };
  set({ playing: false });
}

for (const family of FAMILIES) {
  hearers[`arrange_${family}`] = (value) => {
    const column = state.columns[family];
    if (value.doing !== undefined) return Object.assign(column, { done: value.done, doing: value.doing });
    column.busy = false;
    if (value.points) column.map = { ...value, points: maps.unpack(value.points).values, settings: column.settings };
    else column.error = value.error ?? value.wrong?.text ?? "";
    mark(family);
  };
}

let timer = 0;
function turn(changes) {
  Object.assign(state, changes);
  clearTimeout(timer);
  timer = setTimeout(arrangeAll, PATIENCE);
  redraw();
}

// How many steps the layer slider has: the layers of the deepest model.
const steps = () => Math.max(2, ...FAMILIES.map((family) => state.ready?.models[family]?.depth ?? 0));

let run = 0; // counts the plays, so that a stopped one ends
async function play() {
  run += 1;
  if (state.playing) return set({ playing: false });
  const own = run;
  set({ playing: true });
  const last = steps() - 1;
  for (let step = state.depth < 1 ? Math.round(state.depth * last) : 0; step <= last && state.playing && run === own; step++) {
    state.depth = step / last;
    arrangeAll();
    do await new Promise((done) => setTimeout(done, PACE));
    while (state.playing && run === own && FAMILIES.some((family) => state.columns[family].busy));
  }
  if (run === own) set({ playing: false });
}

// CLIP's prompts.

function askPrompts() {
  if (state.ready && able().clip) {
    if (current("clip")) ask("prompts");
  } else state.prompts = { marks: [], note: "", error: "" };
}

// The prompt whose nearest pictures are shown, while there is such a mark.
const prompt = () => (state.prompt === null ? undefined : state.prompts.marks.find(({ id }) => id === state.prompt));
// How many of the pictures nearest to a prompt show its class.
const hits = (mark) => mark.places.filter((place) => labelsOf(mark).includes(state.ready.labels[place])).length;
// The labels that a prompt's mark stands for: several where their prompts are one text to CLIP.
const labelsOf = ({ classes }) => classes.map((name) => state.ready.classes.indexOf(name));
function choosePrompt(id) {
  set({ prompt: id === state.prompt ? null : id, chosen: [], near: null });
}

let typing = 0;
function edit(template) {
  state.template = template;
  clearTimeout(typing);
  typing = setTimeout(askPrompts, PATIENCE);
  redraw();
}

hearers.prompts = (value) => {
  state.wrong = value.wrong ?? null;
  if (!value.marks) return (state.prompts.error = value.error ?? "");
  const { family, marks, note, ...answers } = value;
  state.prompts = { family, marks, note, error: "" };
  if (family && state.ready.models[family]) Object.assign(state.ready.models[family], answers);
};

// Pictures.

// The newest wishes first; what a map no longer shows may wait.
function wants(wanted) {
  wished = new Set([...wanted, ...wished].slice(0, WISHES));
  fetchTiles();
}

function fetchTiles() {
  if (asking.size || !state.ready) return; // between two sets the maps still wish for the old one's
  for (const index of wished) {
    wished.delete(index);
    if (!tiles.has(index)) asking.add(index);
    if (asking.size === limits.sheet) break;
  }
  if (asking.size) ask("thumbs", { places: [...asking].map(placeOf) });
}

hearers.thumbs = (value) => {
  if (!value.src) return asking.clear();
  const of = era;
  const image = new Image();
  image.onload = () => {
    if (era !== of) return; // other pictures by now
    value.places.forEach((place, i) => {
      const [row, col] = [Math.floor(i / value.columns), i % value.columns];
      const side = value.tile;
      if (indices.has(place)) tiles.set(indices.get(place), { image, x: col * side, y: row * side, w: side, h: side });
    });
    asking.clear();
    fetchTiles();
    redraw();
  };
  image.src = value.src;
};

let pointing = 0;
function point(index) {
  if (index === state.hover || !state.ready) return;
  tab.point(index);
  clearTimeout(pointing);
  if (index !== null && !looks.has(index)) pointing = setTimeout(() => state.ready && ask("look", { places: [placeOf(index)] }), 60);
}

hearers.look = (value) => {
  if (value.src && indices.has(value.place)) looks.set(indices.get(value.place), value);
};

function choose(chosen, prompt = null) {
  if (!state.ready) return;
  set({ chosen, prompt });
  if (chosen.length === 1) {
    if (!looks.has(chosen[0])) ask("look", { places: [placeOf(chosen[0])] });
    askNear(chosen[0]);
  } else state.near = null;
}

function askNear(index) {
  state.near = { index, near: null };
  ask("near", { places: [placeOf(index)] });
}

hearers.near = (value) => {
  if (value.near && state.near) state.near = { index: indices.get(value.place), near: value.near };
};

const indexOf = (place) => indices.get(place);

// A picture of one's own.
function photoChanged(file) {
  if (!file || !state.ready) return;
  set({ photo: { busy: true, before: state.photo?.marks ? state.photo : null }, chosen: [], prompt: null });
  place();
}
function removePhoto() {
  cancel("place");
  set({ photo: null });
}
hearers.place = (value) => (state.photo = value.marks ? value : { ...state.photo?.before, before: null, busy: false, error: value.error ?? "" });

function fileChanged(file) {
  if (file) prepare({ set: brought(file) });
}

let sending = 0;
function send(index) {
  sending = index;
  ask("send", { places: [placeOf(index)] });
}
hearers.send = (value) => {
  if (!value.src) return (state.trouble = value.error ?? "");
  const { classes, names } = state.ready;
  const among = classes.slice(0, limits.names);
  const picture = { set: state.set, limit: state.limit, place: placeOf(sending), key: value.key };
  const from = { tab: "map", truth: classes[labelOf(sending)], names: among, picture };
  showInExplain({ src: value.src, name: names[placeOf(sending)], models: able(), classes: among.map(lineOf).join("\n"), templates: state.template, from });
};

export {
  tab, state, drawers, redraw, set, ask, cancel, pointers, prepare, stop, turn, arrangeAll, stopArranging, steps, play,
  edit, chooseWanted, wants, tiles, looks, point, choose, send, prompt, choosePrompt, hits, labelsOf, photoChanged, removePhoto, fileChanged,
  indexOf, placeOf, answerOf, labelOf, kindOf, able, first,
};
