// The Map tab's fields of the page's address: as they are, and as they shall be.

import { depthOf, layerAt, unless } from "../shared/address.js";
import { FAMILIES, firstOf, limits, ranges, settings } from "../shared/settings.js";
import { setOf } from "../shared/sets.js";
import { arrangeAll, chooseWanted, edit, placeOf, prepare, redraw, state, steps } from "./state.js";

const OPTIONS = Object.keys(ranges);
const ARRANGED = ["pool", "depth", "method", "seed", ...OPTIONS]; // what the maps depend on

// A view as far as it is not everything.
function viewed({ x, y, scale }) {
  return Math.abs(x) < 1e-4 && Math.abs(y) < 1e-4 && Math.abs(scale - 1) < 1e-4 ? undefined : [x, y, scale];
}

export function toQuestion() {
  const chosen = state.wanted ?? (state.ready ? state.chosen.map(placeOf) : []);
  return {
    set: unless(state.set, settings.set),
    limit: unless(state.limit, limits.pictures),
    ...Object.fromEntries(FAMILIES.map((family) => [family, unless(state.models[family], firstOf(family))])),
    embedding: unless(state.pool, "answer"),
    layer: layerAt(state.depth, state.ready ? steps() : 0),
    method: unless(state.method, "tsne"),
    seed: unless(state.seed, 0),
    ...Object.fromEntries(OPTIONS.map((name) => [name, unless(state[name], ranges[name][2])])),
    templates: unless(state.template, settings.template),
    colour: unless(state.colour, "label"),
    prompt: state.prompt ?? undefined,
    pictures: chosen.length ? chosen : undefined,
    view: state.view ? viewed(state.view) : undefined,
  };
}

// Its pictures and models: asked for now, or with the tab's first question.
function lookAt(question) {
  const wanted = { set: setOf(question.set, state.set), limit: question.limit ?? limits.pictures };
  const changes = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => state[name] !== value));
  const models = Object.fromEntries(FAMILIES.map((family) => [family, question[family] ?? firstOf(family)]));
  const others = Object.keys(changes).length || FAMILIES.some((family) => models[family] !== state.models[family]);
  const started = state.ready || state.preparing || state.trouble;
  if (started && others) prepare({ ...changes, models });
  else Object.assign(state, changes, { models });
}

/** What was chosen on other tabs. */
export function adopt(fields) {
  const question = { ...toQuestion(), ...fields };
  lookAt(question);
  if ("templates" in fields) edit(question.templates ?? settings.template);
}

export function take(question) {
  const before = ARRANGED.map((name) => state[name]).join();
  const template = question.templates ?? settings.template;
  const typed = template !== state.template;
  lookAt(question);
  Object.assign(state, {
    pool: question.embedding ?? "answer",
    depth: depthOf(question.layer),
    method: question.method ?? "tsne",
    seed: question.seed ?? 0,
    ...Object.fromEntries(OPTIONS.map((name) => [name, question[name] ?? ranges[name][2]])),
    template,
    colour: question.colour ?? "label",
    prompt: question.prompt ?? null,
    view: question.view ? { x: question.view[0], y: question.view[1], scale: question.view[2] } : null,
    wanted: question.pictures ?? [],
    playing: false,
  });
  if (state.ready && !state.preparing) {
    if (ARRANGED.map((name) => state[name]).join() !== before) arrangeAll();
    else if (typed) edit(template);
    chooseWanted();
  }
  redraw();
}
