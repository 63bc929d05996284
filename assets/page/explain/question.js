// The Explain tab's fields of the page's address: as they are, and as they shall be.

import { depthOf, layerAt, unless } from "../shared/address.js";
import { FAMILIES, firstOf, settings } from "../shared/settings.js";
import { say } from "../shared/says.js";
import { bring } from "./bring.js";
import { fetched } from "./uploads.js";
import { ask, chooseMethod, pin, pictures, question as asked, set, state } from "./state.js";

const OVER = Math.round(100 * state.opacity); // as it starts
const NAMES = settings.categories.join("\n");
const { pictures: examples } = settings.told.explain.examples;
const [EXAMPLE, UPLOAD] = ["example:", "upload:"];
const MISSING = "This link was made with a photo of its own; bring yours.";

// An example by its name, a photo of one's own by its content.
function photo() {
  if (state.wanted) return state.wanted.name;
  if (!state.photo) return undefined;
  const { key } = state.photo;
  const known = examples.find((each) => each.key === key);
  return known ? EXAMPLE + known.name : UPLOAD + key;
}

export function toQuestion() {
  const { columns, target } = state;
  const layers = Math.max(0, ...FAMILIES.map((family) => columns[family].answer?.layers ?? 0));
  const point = state.wanted ? state.wanted.point : state.point;
  return {
    photo: photo(),
    ...Object.fromEntries(FAMILIES.map((family) => [family, unless(columns[family].model, firstOf(family))])),
    method: unless(state.method, "attention"),
    layer: layerAt(state.depth, layers),
    head: unless(state.head, 0),
    target: target?.name,
    output: target?.family ? [target.family, target.index] : undefined,
    patch: point ? [point.x, point.y] : undefined,
    template: unless(columns.clip.template, settings.template),
    classes: unless(columns.clip.names, NAMES),
    over: unless(Math.round(100 * state.opacity), OVER),
    scale: state.ownScale ? "own" : undefined,
    below: unless(state.touched, FAMILIES[0]),
  };
}

export function take(question) {
  const before = FAMILIES.map((family) => JSON.stringify(asked("look", family)));
  const { target, output: [family = null, index = null] = [], patch } = question;
  for (const each of FAMILIES) state.columns[each].model = question[each] ?? firstOf(each);
  Object.assign(state.columns.clip, { template: question.template ?? settings.template, names: question.classes ?? NAMES });
  set({
    depth: depthOf(question.layer),
    head: question.head ?? 0,
    target: target === undefined ? null : { name: target, family, index },
    opacity: (question.over ?? OVER) / 100,
    ownScale: question.scale === "own",
    touched: question.below ?? FAMILIES[0],
  });
  FAMILIES.forEach((each, i) => JSON.stringify(asked("look", each)) !== before[i] && ask(each));
  const point = patch ? { x: patch[0], y: patch[1] } : null;
  show(question.photo ?? EXAMPLE + examples[0]?.name, point);
  if (state.point && !point) pin(null);
  if (point && !state.wanted) pin(point);
  else chooseMethod((!point && question.method) || "attention");
}

// Ask for the photo of an address, if it is not the one there is.
function show(name, point) {
  state.wanted = null;
  if (name === photo()) return;
  if (name.startsWith(UPLOAD)) return void bringBack(name, point);
  const at = examples.findIndex((each) => EXAMPLE + each.name === name);
  if (at >= 0) {
    const itself = !at && !pictures.size; // the page opens on the first
    state.wanted = { name, key: examples[at].key, index: at, point, sent: itself };
  } else say(`There is no photo “${name}”; the examples are ${examples.map((each) => EXAMPLE + each.name).join(", ")}.`);
}

// A photo of this visit, which the server may still have.
async function bringBack(name, point) {
  const key = name.slice(UPLOAD.length);
  const wanted = { name, key, index: -1, point, sent: true };
  state.wanted = wanted;
  const file = await fetched(key);
  if (state.wanted !== wanted) return; // somebody chose another meanwhile
  if (file && bring([file])) state.wanted = wanted;
  else {
    set({ wanted: null });
    say(MISSING);
  }
}
