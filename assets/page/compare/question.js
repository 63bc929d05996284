// The Compare tab's fields of the page's address: as they are, and as they shall be.

import { unless } from "../shared/address.js";
import { FAMILIES, firstOf, limits, settings } from "../shared/settings.js";
import { setOf } from "../shared/sets.js";
import { edit, map, mapOf, openWanted, prepare, redraw, set, state } from "./state.js";

const NONE = "none"; // a model that is left out

export function toQuestion() {
  return {
    set: unless(state.set, settings.set),
    limit: unless(state.limit, limits.pictures),
    ...Object.fromEntries(FAMILIES.map((family) => [family, unless(state.models[family] || NONE, firstOf(family))])),
    templates: unless(state.template, settings.template),
    ...Object.fromEntries(FAMILIES.map((family) => [`labels_${family}`, mapOf(family) ?? undefined])),
    ...(state.wanted ?? open()),
    method: unless(state.method, "attention"),
  };
}

// The open cell and picture, where they are not those that open by themselves.
function open() {
  const { cell, pictures, place, start, answer } = state;
  const first = place === null || (!start && pictures?.pictures[0]?.place === place);
  const itself = !cell || (cell === answer?.first && first);
  return itself ? {} : { cell, from: unless(start, 0), picture: first ? undefined : place };
}

// Its pictures and models: asked for now, or with the tab's first question. Whether they are others.
function lookAt(question) {
  const wanted = { set: setOf(question.set, state.set), limit: question.limit ?? limits.pictures };
  const changes = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => state[name] !== value));
  const models = Object.fromEntries(FAMILIES.map((family) => [family, (question[family] ?? firstOf(family)).replace(/^none$/, "")]));
  const others = Object.keys(changes).length > 0 || FAMILIES.some((family) => models[family] !== state.models[family]);
  const started = state.ready || state.preparing || state.trouble;
  if (started && others) prepare({ ...changes, models });
  else Object.assign(state, changes, { models });
  return others;
}

/** What was chosen on other tabs. */
export function adopt(fields) {
  const question = { ...toQuestion(), ...fields };
  lookAt(question);
  if ("templates" in fields) edit({ template: question.templates ?? settings.template });
}

export function take(question) {
  const others = lookAt(question);
  const { cell, from, picture } = question;
  set({ method: question.method ?? "attention", wanted: { cell, from, picture } });
  for (const family of FAMILIES) {
    const text = question[`labels_${family}`] ?? null;
    if (text !== mapOf(family)) map(family, text);
  }
  const template = question.templates ?? settings.template;
  if (template !== state.template) edit({ template });
  else if (!others && !state.stale) openWanted();
  redraw();
}
