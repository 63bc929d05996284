// The Prompts tab's fields of the page's address: as they are, and as they shall be.

import { unless } from "../shared/address.js";
import { firstOf, limits, settings } from "../shared/settings.js";
import { setOf } from "../shared/sets.js";
import { attempt, compare, edit, firstPlace, offer, ownClasses, prepare, redraw, state } from "./state.js";

const { compared: TEACHING } = settings.told.prompts.image;

const line = (templates) => templates.split("\n").find((each) => each.trim())?.trim() ?? "";
const usual = () => [line(state.templates), ...TEACHING].slice(0, limits.compared).join("\n");

const filled = (templates) => Array.from({ length: limits.compared }, (_, i) => templates[i] ?? "");

export function toQuestion() {
  const { pinned, one } = state;
  const compared = state.compared.join("\n");
  return {
    set: unless(state.set, settings.set),
    limit: unless(state.limit, limits.pictures),
    clip: unless(state.model, firstOf("clip")),
    templates: unless(state.templates, settings.template),
    classes: state.classes.trim() ? unless(state.classes, ownClasses()) : undefined,
    half: state.split ? "choose" : undefined,
    leave_out: state.leaving ? "yes" : undefined,
    pinned: pinned?.templates,
    pinned_clip: pinned && unless(pinned.model, state.model),
    pinned_classes: pinned && unless(pinned.classes, state.classes),
    cell: state.cell ?? undefined,
    picture: one.photo || one.place === null ? undefined : unless(one.place, firstPlace()),
    compared: compared ? unless(compared, usual()) : undefined,
  };
}

// Its pictures and its CLIP: asked for now, or with the tab's first question.
function lookAt({ set, limit, clip }) {
  const wanted = { set: setOf(set, state.set), limit: limit ?? limits.pictures, model: clip ?? firstOf("clip") };
  const changes = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => state[name] !== value));
  const started = state.ready || state.preparing || state.trouble;
  if (started && Object.keys(changes).length) prepare(changes);
  else Object.assign(state, changes);
}

/** What was chosen on other tabs. */
export function adopt(fields) {
  const question = { ...toQuestion(), ...fields };
  lookAt(question);
  if ("templates" in fields) edit({ templates: question.templates ?? settings.template });
  if (fields.classes !== undefined) offer(fields.classes);
}

export function take(question) {
  lookAt(question);
  const classes = question.classes ?? ownClasses();
  const templates = question.templates ?? settings.template;
  Object.assign(state, {
    classes, templates,
    split: question.half === "choose",
    leaving: question.leave_out === "yes",
    pinned: question.pinned === undefined ? null : {
      templates: question.pinned, model: question.pinned_clip ?? state.model, classes: question.pinned_classes ?? classes,
    },
    cell: question.cell ?? null,
    cellPictures: null,
    one: question.picture === undefined && state.one.photo ? state.one : { place: question.picture ?? null, photo: false },
    compared: filled(question.compared?.split("\n") ?? [line(templates), ...TEACHING]),
    stale: true,
    confirmed: null,
  });
  if (state.ready && !state.preparing) {
    attempt();
    compare();
  }
  redraw();
}
