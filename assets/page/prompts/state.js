// What the Prompts tab knows, and its lines to Python. The other files here draw from `state` and change it through here.
//
// What a question carries is checked in tabs/prompts/tries.py.

import { showInExplain } from "../explain/bring.js";
import { firstOf, limits, settings } from "../shared/settings.js";
import { names } from "../shared/class-lines.js";
import { brought, isUpload } from "../shared/sets.js";
import { tab as newTab } from "../shared/tab.js";

const PATIENCE = 250; // ms after the last key before typed words are tried
const OFFERED = 8; // pictures to choose one from
const STANDS = 1000; // ms a try must stand to go on the board, so that half a word does not

const state = {
  set: settings.set, // a name, a Hub id or an upload (shared/sets.js); on this one a template moves something
  limit: limits.pictures,
  model: firstOf("clip"),
  classes: "",
  offered: "", // classes that were chosen on another tab, until it is known whether they are this set's
  templates: settings.template,
  ready: null, // the set, as Python told of it
  preparing: null, // {done, doing} while it loads
  trouble: "", // why there is no set, or that it was stopped
  busy: false,
  answer: null, // the last good figures
  stale: false, // whether they are not of what stands in the boxes
  wrong: null, // {field, line, text} of what cannot be used
  error: "",
  pinned: null, // {model, classes, templates}
  split: false,
  confirmed: null, // the figures of the confirm half
  looks: 0, // how often the confirm half was asked
  leaving: false, // whether leave-one-out is open
  cell: null, // [truth, answer] of the confusion matrix
  cellPictures: null,
  flips: null, // {better, worse} pictures
  some: [], // pictures to choose one from
  one: { place: null, photo: false }, // null = the first of those to choose from
  compared: [],
  oneAnswer: null,
  oneError: "",
  board: [],
};
const drafts = {}; // set → the classes typed for it: coming back finds them again

const wording = () => ({ model: state.model, classes: state.classes, templates: state.templates });
// The set's own classes as the box shows them.
const ownClasses = () => state.ready?.class_lines ?? "";
// Python knows the set's own classes whole: only what somebody typed is sent as text.
const sent = (words) => words && { ...words, classes: words.classes === ownClasses() ? "" : words.classes };

const tab = newTab("prompts", state, {
  asks: () => ({
    set: state.set,
    file: isUpload(state.set),
    limit: state.limit,
    ...sent(wording()),
    pinned: sent(state.pinned),
    half: state.split ? "choose" : "all",
    leave_out: state.leaving,
  }),
  start: () => prepare(),
  failed: (line, lost) => {
    if (line === "prepare") Object.assign(state, { preparing: null, trouble: lost });
    if (line === "attempt") Object.assign(state, { busy: false, error: lost });
  },
});
const { drawers, hearers, redraw, set, ask, cancel } = tab;

// The set and the model: their pictures are embedded once, with a bar that can be stopped.

function prepare(changes = {}) {
  if (state.ready) drafts[state.set] = state.classes;
  Object.assign(state, changes, { preparing: { done: 0, doing: "Getting ready" }, trouble: "", stale: true, confirmed: null, busy: false });
  ["attempt", "confirm", "flips", "pick", "some", "compare"].forEach(tab.cancel); // answers about other pictures, or another model's
  if ("set" in changes) {
    const classes = drafts[state.set] ?? "";
    Object.assign(state, { classes, ready: null, cell: null, cellPictures: null, pinned: null, flips: null, looks: 0 });
    if (!state.one.photo) Object.assign(state, { one: { place: null, photo: false }, oneAnswer: null });
  }
  ask("prepare");
  redraw();
}

hearers.prepare = (value) => {
  if (value.doing !== undefined) {
    state.preparing = value;
    return;
  }
  state.preparing = null;
  if (value.error) {
    state.trouble = value.error;
    if (!state.ready) state.answer = null; // figures of another set
    return;
  }
  state.ready = { ...value, asked: { model: state.model, limit: state.limit } };
  if (!state.classes.trim()) state.classes = names(state.offered, value.classes) ? state.offered : value.class_lines;
  state.offered = "";
  if (state.pinned && !state.pinned.classes.trim()) state.pinned = { ...state.pinned, classes: state.classes };
  attempt();
  others(0);
  compare();
};

function stop() {
  tab.cancel("prepare");
  Object.assign(state, { preparing: null, trouble: "Stopped. What was done is kept: it goes on from there." });
  if (state.ready) {
    Object.assign(state, state.ready.asked); // what there is was made with that
    attempt();
    compare();
  } else state.answer = null; // figures of another set
  redraw();
}

// A try.

let timer = 0;
let standing = 0;
function edit(changes) {
  Object.assign(state, changes, { stale: true, confirmed: null });
  clearTimeout(timer);
  timer = setTimeout(attempt, PATIENCE);
  redraw();
}

// Classes that were chosen on another tab: used where they name all of this set's.
function offer(classes) {
  if (!state.ready) state.offered = classes;
  else if (names(classes, state.ready.classes)) edit({ classes });
}

function restore(changes) {
  if (changes.model && changes.model !== state.model) {
    Object.assign(state, changes);
    prepare();
  } else {
    Object.assign(state, changes, { stale: true, confirmed: null });
    attempt();
  }
}

function attempt() {
  clearTimeout(timer);
  if (!state.ready || state.preparing) return;
  clearTimeout(standing);
  state.busy = true;
  ask("attempt");
  redraw();
}

hearers.attempt = (value) => {
  Object.assign(state, { busy: false, wrong: value.wrong ?? null, error: value.error ?? "" });
  if (!value.overall) return;
  Object.assign(state, { answer: value, stale: false, flips: null });
  const tried = { ...wording(), set: state.set, limit: state.limit };
  standing = setTimeout(() => enter(tried, value), STANDS);
  const { change } = value;
  if (change) ask("flips", { places: [...change.better.places, ...change.worse.places].slice(0, limits.shown) });
  if (state.cell) openCell(isCell(state.cell, value) ? state.cell : null);
  compareSoon();
};

hearers.flips = (value) => {
  const { change } = state.answer ?? {};
  if (value.pictures && change) state.flips = new Map(value.pictures.map((picture) => [picture.place, picture]));
};

function pin(pinned) {
  state.pinned = pinned;
  attempt();
}

function halve(split) {
  Object.assign(state, { split, confirmed: null, looks: split ? state.looks : 0, stale: true });
  attempt();
}

function confirm() {
  state.looks += 1;
  ask("confirm", { half: "confirm", pinned: null, leave_out: false });
  redraw();
}
hearers.confirm = (value) => (state.confirmed = value);

// The board: every prompt that stood for a moment.

function enter(tried, { overall, macro, classes, half }) {
  const key = JSON.stringify([tried, half]);
  const known = state.board.find((row) => row.key === key);
  if (known) return;
  const number = 1 + state.board.reduce((most, row) => Math.max(most, row.number), 0);
  state.board.push({ key, number, ...tried, half, overall, f1: macro.f1, count: classes.length });
  redraw();
}

// Pictures.

// The column after the last class holds the pictures without an answer.
const isCell = ([row, column], { classes, no_answer: none }) => row < classes.length && column < classes.length + Number(none.some(Boolean));

function openCell(cell) {
  Object.assign(state, { cell });
  if (cell) ask("pick", { cell });
  redraw();
}
hearers.pick = (value) => (state.cellPictures = value.pictures ? value : null);

// The pictures to choose one from, in an order that is the same for everybody and comes to all parts of the set: steps by
// the golden ratio.
const GOLDEN = 0.6180339887498949;
const nth = (number) => Math.floor((((number + 0.5) * GOLDEN) % 1) * (state.ready?.pictures ?? 0));
const firstPlace = () => nth(0);
let offered = 0; // the number of the first picture offered

function others(from = offered + OFFERED) {
  offered = from;
  const places = new Set(Array.from({ length: OFFERED }, (_, i) => nth(from + i)));
  ask("some", { places: [...places], templates: "{}" });
}
hearers.some = (value) => value.pictures?.length && (state.some = value.pictures);

// The picture after the one looked at, among those offered or the next ones.
function another() {
  const numbers = Array.from({ length: OFFERED }, (_, i) => offered + i);
  const at = state.one.photo ? -1 : numbers.findIndex((number) => nth(number) === (state.one.place ?? firstPlace()));
  if (at === OFFERED - 1) others();
  look(nth(numbers[0] + at + 1));
}

let comparing = 0;
function compareSoon() {
  clearTimeout(comparing);
  comparing = setTimeout(compare, PATIENCE);
}

function compare() {
  clearTimeout(comparing);
  const { place, photo } = state.one;
  if (state.ready) ask("compare", { places: [place ?? firstPlace()], photo, compared: state.compared, pinned: null });
}
hearers.compare = (value) => {
  state.oneError = value.error || value.wrong?.text || "";
  if (value.answers) state.oneAnswer = value;
};

function look(place) {
  state.one = { place, photo: false };
  compare();
}

let sending = "";
function send(template) {
  sending = template;
  const { place, photo } = state.one;
  ask("send", { places: [place ?? firstPlace()], photo });
}

hearers.send = (value) => {
  if (!value.src) {
    state.oneError = value.error || "";
    return;
  }
  const picture = value.item === undefined ? undefined : { set: state.set, limit: state.limit, place: value.item, key: value.key };
  const from = { tab: "prompts", truth: state.oneAnswer?.truth, picture };
  showInExplain({ src: value.src, name: state.oneAnswer?.name, models: { clip: state.model }, classes: state.classes || undefined, templates: sending, from });
};

hearers.preset = (value) => value.templates && restore({ templates: value.templates });

function fileChanged(file) {
  if (file) prepare({ set: brought(file) });
}

function photoChanged(file) {
  if (!file) return;
  state.one = { place: 0, photo: true };
  compare();
}

export {
  tab, state, drawers, redraw, set, ask, cancel, prepare, stop, edit, offer, restore, attempt, pin, halve, confirm, wording, ownClasses,
  openCell, another, others, firstPlace, compare, compareSoon, look, send, fileChanged, photoChanged,
};
