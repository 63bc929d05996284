// The Explain tab's fields of the page's address: as they are, and as they shall be.

import { depthOf, layerAt, unless } from "../shared/address.js";
import { FAMILIES, firstOf, settings } from "../shared/settings.js";
import { say } from "../shared/says.js";
import { isUpload, setOf } from "../shared/sets.js";
import { fetched } from "../shared/uploads.js";
import { bring, bringPicture } from "./bring.js";
import { NAMES, ask, chooseMethod, pin, pictures, question as asked, set, state, tab } from "./state.js";

const OVER = Math.round(100 * state.opacity); // as it starts
const { pictures: examples } = settings.told.explain.examples;
const [EXAMPLE, UPLOAD, PICTURE] = ["example:", "upload:", "picture:"];
const OF_SET = /^picture:(\d{1,8}):(\d{1,6}):(.+)$/; // its place, of how many, in which set
const MISSING = "This link was made with a photo of its own; bring yours.";

const nameOf = ({ place, limit, set }) => PICTURE + [place, limit, set].join(":");

// An example by its name, a picture of a set by its place there, a photo of one's own by its content.
function photo() {
  if (state.wanted) return state.wanted.name;
  if (!state.photo) return undefined;
  const { key } = state.photo;
  const picture = state.from?.picture;
  if (picture?.key === key) return nameOf(picture);
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
    templates: unless(columns.clip.templates, settings.template),
    classes: unless(columns.clip.names, NAMES),
    over: unless(Math.round(100 * state.opacity), OVER),
    scale: state.ownScale ? "own" : undefined,
    below: unless(state.touched, FAMILIES[0]),
    ...closedSet(state.from),
  };
}

// What a picture came with from another tab.
function closedSet(from) {
  if (!from) return {};
  const { tab, truth, names, labelMaps } = from;
  const maps = Object.entries(labelMaps).map(([family, text]) => [`labels_${family}`, text]);
  return { from: tab, truth, among: names.length ? names.join("\n") : undefined, ...Object.fromEntries(maps) };
}

function fromOf(question) {
  if (!question.from) return null;
  const models = Object.fromEntries(FAMILIES.map((family) => [family, state.columns[family].model]));
  const labelMaps = Object.fromEntries(FAMILIES.map((family) => [family, question[`labels_${family}`]]).filter(([, text]) => text));
  const [, place, limit, set] = OF_SET.exec(question.photo ?? "") ?? [];
  const before = state.from?.picture;
  const key = before && nameOf(before) === question.photo ? before.key : undefined;
  const picture = set ? { place: Number(place), limit: Number(limit), set, key } : undefined;
  return { tab: question.from, truth: question.truth, names: question.among?.split("\n") ?? [], models, labelMaps, picture };
}

// Whom it asks: the models, and what CLIP chooses from. Those who are asked something else are asked now.
function askOthers(question, change = () => {}) {
  const before = FAMILIES.map((family) => JSON.stringify(asked("look", family)));
  for (const each of FAMILIES) state.columns[each].model = question[each] ?? firstOf(each);
  Object.assign(state.columns.clip, { templates: question.templates ?? settings.template, names: question.classes ?? NAMES });
  change();
  FAMILIES.forEach((each, i) => JSON.stringify(asked("look", each)) !== before[i] && ask(each));
}

/** What was chosen on other tabs. */
export const adopt = (fields) => askOthers({ ...toQuestion(), ...fields });

export function take(question) {
  const { target, output: [family = null, index = null] = [], patch } = question;
  askOthers(question, () => set({
    depth: depthOf(question.layer),
    head: question.head ?? 0,
    target: target === undefined ? null : { name: target, family, index },
    opacity: (question.over ?? OVER) / 100,
    ownScale: question.scale === "own",
    touched: question.below ?? FAMILIES[0],
    from: fromOf(question),
  }));
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
  if (name.startsWith(PICTURE)) return void askForPicture(name, point);
  const at = examples.findIndex((each) => EXAMPLE + each.name === name);
  if (at >= 0) {
    const itself = !at && !pictures.size; // the page opens on the first
    state.wanted = { name, key: examples[at].key, index: at, point, sent: itself };
  } else say(`There is no photo “${name}”; the examples are ${examples.map((each) => EXAMPLE + each.name).join(", ")}.`);
}

// There is no such picture: the question it came with is asked of the photo there is.
const missed = () => set({ wanted: null, from: state.from && { ...state.from, truth: undefined, picture: undefined } });

// A picture of a set, which Python sends.
function askForPicture(name, point) {
  const [, place, limit, wanted] = OF_SET.exec(name) ?? [];
  const set = wanted && setOf(wanted, "");
  if (!wanted) return void say(`There is no photo “${name}”; a picture of a set is named as picture:17:2000:toybox.`);
  if (!set) return missed();
  state.wanted = { name, key: null, index: -1, point, sent: true, set };
  tab.ask("of_set", { set, file: isUpload(set), limit: Number(limit), place: Number(place) });
}

tab.hearers.of_set = (value) => {
  if (!state.wanted || value.doing !== undefined) return;
  if (!value.src) {
    missed();
    return say(value.error ?? "");
  }
  state.wanted.key = value.key;
  if (state.from?.picture) state.from.picture.key = value.key;
  bringPicture(value);
};

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
