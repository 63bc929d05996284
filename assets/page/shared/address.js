// @ts-check
// The page's question ↔ its address: #v=1&tab=explain&photo=example:coffee&method=rollout&layer=3/6
//
// A question is one plain object: the version, the open tab and that tab's fields, of which those that are as they start
// are left out. Every value that is read is of its kind; what the words mean (is there such a set?) the tab itself finds out.

export const VERSION = 1;
export const LONGEST = 16000; // characters of an address
const TOLD = 5; // sentences about what is wrong with one

/**
 * @typedef {{version: number, tab: string, [field: string]: any}} Question
 * @typedef {{read: (text: string) => any, write: (value: any) => string, wants: string}} Kind  read: undefined for what does
 *   not fit; wants: what does, in words
 * @typedef {Record<string, Record<string, Kind>>} Grammar  tab → field → kind, in the order of the address
 */

/** @param {number} [most] @returns {Kind} */
const text = (most = LONGEST) => ({
  read: (words) => (words.length <= most ? words : undefined),
  write: String,
  wants: `at most ${most.toLocaleString("en")} letters`,
});

/** @param {(string | number)[]} known @returns {Kind} */
const oneOf = (known) => ({
  read: (words) => known.find((each) => String(each) === words),
  write: String,
  wants: known.length > 1 ? `one of ${known.join(", ")}` : String(known[0]),
});

/** @param {number} least @param {number} most @param {number} [digits] after the point @returns {Kind} */
const number = (least, most, digits = 0) => ({
  read: (words) => {
    if (!/^-?\d{1,9}(\.\d{1,9})?$/.test(words)) return undefined;
    const found = Number(Number(words).toFixed(digits));
    return found >= least && found <= most ? found : undefined;
  },
  write: (value) => String(Number(value.toFixed(digits))),
  wants: `a ${digits ? "" : "whole "}number from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}`,
});

/** @param {number} fewest @param {number} most numbers @param {Kind} kind of each @param {string} wants @returns {Kind} */
const list = (fewest, most, kind, wants) => ({
  read: (words) => {
    const found = words.split(",", most + 1).map(kind.read);
    return found.length < fewest || found.length > most || found.includes(undefined) ? undefined : found;
  },
  write: (values) => values.map(kind.write).join(","),
  wants,
});

const whole = number(0, 99_999_999);

/** [3, 6] ↔ 3/6: the third of six layers. @type {Kind} */
const layer = {
  read: (words) => {
    const [, at, of] = (/^(\d{1,3})\/(\d{1,3})$/.exec(words) ?? []).map(Number);
    return at >= 1 && at <= of ? [at, of] : undefined;
  },
  write: ([at, of]) => `${at}/${of}`,
  wants: "a layer and how many there are, as 3/6",
};

/** ["vit", 134] ↔ vit:134: an output of one family's model. @param {string[]} families @returns {Kind} */
const output = (families) => ({
  read: (words) => {
    const [family, index, more] = words.split(":", 3);
    const found = index === undefined || more !== undefined ? undefined : whole.read(index);
    return families.includes(family) && found !== undefined ? [family, found] : undefined;
  },
  write: ([family, index]) => `${family}:${index}`,
  wants: "a family and the number of one of its outputs, as vit:134",
});

/**
 * What each tab's address may say.
 * @param {import("./settings.js").Settings} settings
 * @returns {Grammar}
 */
export function grammar({ families, methods, ranges, limits, told }) {
  const names = Object.keys(families);
  const models = Object.fromEntries(names.map((family) => [family, text(300)]));
  const maps = Object.fromEntries(names.map((family) => [`labels_${family}`, text()])); // label maps
  /** @param {string} tab */
  const pictures = (tab) => ({ set: text(300), limit: oneOf(/** @type {any} */ (told[tab]).asks.draws) });
  /** @type {{key: string}[]} */
  const arrangements = /** @type {any} */ (told.map).asks.methods;
  return {
    explain: {
      photo: text(400), ...models, method: oneOf(Object.keys(methods)), layer, head: number(1, 1000),
      target: text(limits.letters), output: output(names),
      patch: list(2, 2, number(0, 1, 4), "two fractions of the photo, as 0.25,0.5"),
      templates: text(), classes: text(), over: number(0, 100), scale: oneOf(["own"]), below: oneOf(names),
      from: oneOf(Object.keys(told).filter((tab) => tab !== "explain")), truth: text(limits.letters), among: text(), ...maps,
    },
    prompts: {
      ...pictures("prompts"), clip: text(300), templates: text(), classes: text(), half: oneOf(["choose"]), leave_out: oneOf(["yes"]),
      pinned: text(), pinned_clip: text(300), pinned_classes: text(), cell: list(2, 2, whole, "two whole numbers, as 3,1"),
      picture: whole, compared: text(),
    },
    map: {
      ...pictures("map"), ...models, embedding: oneOf(["answer", "readout", "mean"]), layer,
      method: oneOf(arrangements.map(({ key }) => key)), seed: number(0, 999_999),
      ...Object.fromEntries(Object.entries(ranges).map(([name, [least, most]]) => [name, number(least, most, 2)])),
      templates: text(), colour: oneOf(["label", "condition", "answer", "right"]),
      prompt: text(limits.line), pictures: list(1, 500, whole, "numbers of at most 500 pictures, as 3,17"),
      view: list(3, 3, number(-10_000, 10_000, 4), "a place and how much larger it is, as 0.1,-0.2,3"),
    },
    compare: {
      ...pictures("compare"), ...models, templates: text(), ...maps,
      cell: text(100), from: whole, picture: whole, method: oneOf(["attention", "rollout", "gradcam", "truth"]),
    },
  };
}

// As encodeURIComponent has it, but for what may stand in a fragment and is read more easily.
/** @param {string} words */
const encoded = (words) =>
  encodeURIComponent(words.toWellFormed()).replace(/%(20|2F|3A|2C)/g, (_, code) => (code === "20" ? "+" : String.fromCharCode(parseInt(code, 16))));

/** @param {string} words */
function decoded(words) {
  try {
    return decodeURIComponent(words.replaceAll("+", " ")).toWellFormed();
  } catch {
    return null;
  }
}

/**
 * A question as an address, and the fields that are too long for one.
 * @param {Grammar} rules
 * @param {Question} question
 * @returns {{address: string, left: string[]}}
 */
export function written(rules, question) {
  const left = [];
  let address = `v=${VERSION}&tab=${question.tab}`;
  for (const [name, kind] of Object.entries(rules[question.tab])) {
    const value = question[name];
    if (value === undefined) continue;
    const part = `&${name}=${encoded(kind.write(value))}`;
    if (address.length + part.length > LONGEST || kind.read(kind.write(value)) === undefined) left.push(name);
    else address += part;
  }
  return { address: `#${address}`, left };
}

/** @param {string} words */
const short = (words) => (words.length > 40 ? `${words.slice(0, 39)}…` : words);

/**
 * The question an address asks, null where it asks none; and a sentence for each part that cannot be used.
 * @param {Grammar} rules
 * @param {string} address its fragment, with or without #
 * @returns {{question: Question | null, wrong: string[]}}
 */
export function read(rules, address) {
  const [start] = Object.keys(rules);
  const bare = address.replace(/^#/, "");
  if (!bare) return { question: { version: VERSION, tab: start }, wrong: [] };
  if (!bare.includes("=")) return { question: null, wrong: [] }; // a place of the page
  if (bare.length > LONGEST) {
    return { question: null, wrong: [`This link is longer than ${LONGEST.toLocaleString("en")} letters, and is not used.`] };
  }
  /** @type {Map<string, string | null>} */
  const parts = new Map();
  const wrong = [];
  for (const part of bare.split("&").filter(Boolean)) {
    const cut = part.indexOf("=");
    const name = cut < 0 ? part : part.slice(0, cut);
    if (parts.has(name)) wrong.push(`This link says “${short(name)}” twice; the first is used.`);
    else parts.set(name, cut < 0 ? null : decoded(part.slice(cut + 1)));
  }
  const question = { version: VERSION, ...tabOf(rules, parts, wrong) };
  const version = parts.get("v") ?? String(VERSION);
  if (version !== String(VERSION)) {
    wrong.push(`This link was written by another version of Headlight (v=${short(version)}); what this one understands of it is used.`);
  }
  for (const [name, words] of parts) if (name !== "v" && name !== "tab") take(rules[question.tab], question, name, words, wrong);
  const more = wrong.length - TOLD;
  return { question, wrong: more > 0 ? [...wrong.slice(0, TOLD), `${more} more parts of this link cannot be used.`] : wrong };
}

/** @param {Grammar} rules @param {Map<string, string | null>} parts @param {string[]} wrong */
function tabOf(rules, parts, wrong) {
  const tabs = Object.keys(rules);
  const tab = parts.get("tab") ?? tabs[0];
  if (tabs.includes(tab)) return { tab };
  wrong.push(`There is no tab “${short(tab)}”; there are ${tabs.join(", ")}.`);
  return { tab: tabs[0] };
}

/**
 * @param {Record<string, Kind>} fields @param {Question} question @param {string} name @param {string | null} words
 * @param {string[]} wrong
 */
function take(fields, question, name, words, wrong) {
  if (!Object.hasOwn(fields, name)) return void wrong.push(`The ${question.tab} tab does not know “${short(name)}”, which this link sets.`);
  if (words === null) return void wrong.push(`“${name}” in this link has no value that can be read; it is left as it was.`);
  const value = fields[name].read(words);
  if (value !== undefined) question[name] = value;
  else wrong.push(`“${name}” in this link should be ${fields[name].wants}, and is “${short(words)}”; it is left as it was.`);
}

/** A value, undefined where it is what it starts as. @template T @param {T} value @param {T} usual */
export const unless = (value, usual) => (value === usual ? undefined : value);

/** A relative depth, 0 = first layer and 1 = last, as a layer of so many; undefined for the last. @param {number} depth @param {number} layers 0 where nobody knows yet */
export function layerAt(depth, layers) {
  if (depth === 1) return undefined;
  let of = layers;
  for (of ||= 2; !layers && of < 100 && Math.abs(depth * (of - 1) - Math.round(depth * (of - 1))) > 1e-6; ) of += 1;
  return [Math.round(depth * (of - 1)) + 1, of];
}

/** @param {[number, number]} [layer] */
export const depthOf = (layer) => (layer && layer[1] > 1 ? (layer[0] - 1) / (layer[1] - 1) : 1);
