import assert from "node:assert/strict";
import { test } from "node:test";

import { depthOf, grammar, layerAt, LONGEST, read, VERSION, written } from "../../assets/page/shared/address.js";
import { numbers } from "./random.js";

const families = { vit: {}, swin: {}, clip: {} };
const rules = grammar({
  families,
  methods: { attention: {}, rollout: {}, gradcam: {} },
  ranges: { perplexity: [2, 200, 30], min_dist: [0, 1, 0.1] },
  limits: { letters: 5000, line: 1000 },
  told: {
    prompts: { asks: { draws: [500, 5000] } },
    compare: { asks: { draws: [500, 5000] } },
    map: { asks: { draws: [500, 5000], methods: [{ key: "tsne" }, { key: "pca" }] } },
  },
});

// Whole numbers below `most`, one after another.
function dice(seed) {
  let drawn = [];
  return (most) => {
    if (!drawn.length) drawn = numbers(200, (seed += 100_003));
    return Math.min(most - 1, Math.floor(((drawn.pop() + 1) / 2) * most));
  };
}

const LETTERS = ["a", "Z", " ", "+", "%", "%41", "&", "=", "#", "?", "/", ":", ",", "\n", "{}", "<b>", '"', "é", "漢", "🔦", "\u0000", "__proto__", "1", "-", ".", "\\"];
const word = (roll, most = 30) => Array.from({ length: roll(most) }, () => LETTERS[roll(LETTERS.length)]).join("");
const pick = (roll, list) => list[roll(list.length)];
const layer = (roll) => {
  const of = 1 + roll(40);
  return [1 + roll(of), of];
};
const many = (roll, draw, least, most) => Array.from({ length: least + roll(most - least + 1) }, () => draw(roll));
const texts = (...names) => Object.fromEntries(names.map((name) => [name, (roll) => word(roll)]));
const set = { ...texts("set"), limit: (roll) => pick(roll, [500, 5000]) };
const DRAWS = {
  explain: {
    ...texts("photo", "vit", "swin", "clip", "target", "templates", "classes", "truth", "among", "labels_vit", "labels_swin", "labels_clip"), method: (roll) => pick(roll, ["attention", "rollout", "gradcam"]),
    layer, head: (roll) => 1 + roll(16), output: (roll) => [pick(roll, Object.keys(families)), roll(1000)],
    patch: (roll) => [roll(10_001) / 10_000, roll(10_001) / 10_000], over: (roll) => roll(101), scale: () => "own", from: (roll) => pick(roll, ["prompts", "map", "compare"]), below: (roll) => pick(roll, Object.keys(families)),
  },
  prompts: {
    ...set, ...texts("clip", "templates", "classes", "pinned", "pinned_clip", "pinned_classes", "compared"), half: () => "choose",
    leave_out: () => "yes", cell: (roll) => [roll(15), roll(16)], picture: (roll) => roll(50_000),
  },
  map: {
    ...set, ...texts("vit", "swin", "clip", "templates", "prompt"), embedding: (roll) => pick(roll, ["answer", "readout", "mean"]), layer,
    method: (roll) => pick(roll, ["tsne", "pca"]), seed: (roll) => roll(1_000_000), perplexity: (roll) => 2 + roll(199),
    min_dist: (roll) => roll(101) / 100, colour: (roll) => pick(roll, ["label", "condition", "answer", "right"]),
    pictures: (roll) => many(roll, (each) => each(50_000), 1, 500), view: (roll) => many(roll, (each) => each(20_001) / 7000 - 1, 3, 3).map((value) => Number(value.toFixed(4))),
  },
  compare: {
    ...set, ...texts("vit", "swin", "clip", "templates", "labels_vit", "labels_swin", "labels_clip", "cell"), from: (roll) => roll(5000),
    picture: (roll) => roll(5000), method: (roll) => pick(roll, ["attention", "rollout", "gradcam", "truth"]),
  },
};

function drawn(roll) {
  const tab = pick(roll, Object.keys(DRAWS));
  const fields = Object.entries(DRAWS[tab]).filter(() => roll(2)).map(([name, draw]) => [name, draw(roll)]);
  return { version: VERSION, tab, ...Object.fromEntries(fields) };
}

test("every field of every tab is drawn below", () => {
  for (const [tab, fields] of Object.entries(rules)) assert.deepEqual(Object.keys(DRAWS[tab]).sort(), Object.keys(fields).sort());
});

test("a question, its address and the question again", () => {
  for (let seed = 0; seed < 1000; seed++) {
    const question = drawn(dice(seed));
    const { address, left } = written(rules, question);
    assert.deepEqual(left, []);
    assert.match(address, /^#[\w%.,:/=&+!~*'()-]+$/); // nothing that a mail or a chat would cut off
    assert.deepEqual(read(rules, address), { question, wrong: [] });
    assert.equal(written(rules, read(rules, address).question).address, address);
  }
});

test("an address is short and can be read", () => {
  const question = { version: 1, tab: "explain", photo: "example:coffee", vit: "google/vit-base", method: "rollout", layer: [3, 6], templates: "a photo of a {}" };
  assert.equal(written(rules, question).address, "#v=1&tab=explain&photo=example:coffee&vit=google/vit-base&method=rollout&layer=3/6&templates=a+photo+of+a+%7B%7D");
});

test("whatever is typed as an address, something is made of it", () => {
  const PARTS = [...LETTERS, "v=1", "v=2", "tab=map", "tab=explain", "&", "&", "&", "layer=3/6", "method=", "%E0%A4%A", "%", "set=", "pictures=1,2,", "view=NaN,1e9,3", "constructor=1", "toString", "head=0", "\ud800"];
  for (let seed = 0; seed < 3000; seed++) {
    const roll = dice(seed);
    const text = many(roll, (each) => pick(each, PARTS), 0, 40).join("");
    const { question, wrong } = read(rules, text);
    assert.ok(wrong.length <= 6 && wrong.every((sentence) => sentence.length < 400));
    if (!question) continue;
    const again = written(rules, question);
    assert.deepEqual(again.left, []);
    assert.deepEqual(read(rules, again.address), { question, wrong: [] });
  }
});

test("each wrong part is told of, and the rest is used", () => {
  const { question, wrong } = read(rules, "#v=1&tab=explain&method=magic&layer=7/6&head=2&colour=red&head=3&target=%E0");
  assert.deepEqual(question, { version: 1, tab: "explain", head: 2 });
  assert.deepEqual(wrong, [
    "This link says “head” twice; the first is used.",
    "“method” in this link should be one of attention, rollout, gradcam, and is “magic”; it is left as it was.",
    "“layer” in this link should be a layer and how many there are, as 3/6, and is “7/6”; it is left as it was.",
    "The explain tab does not know “colour”, which this link sets.",
    "“target” in this link has no value that can be read; it is left as it was.",
  ]);
  assert.deepEqual(read(rules, "#tab=nowhere&v=9").question, { version: 1, tab: "explain" });
  assert.equal(read(rules, "#tab=nowhere&v=9").wrong.length, 2);
  assert.equal(read(rules, "#vit").question, null); // a place of the page
  assert.deepEqual(read(rules, ""), { question: { version: 1, tab: "explain" }, wrong: [] });
});

test("what is too long for a link is left out, and a link that is too long is not used", () => {
  const { address, left } = written(rules, { version: 1, tab: "prompts", templates: "a {}", classes: "x\n".repeat(LONGEST), compared: "b {}" });
  assert.deepEqual(left, ["classes"]);
  assert.deepEqual(read(rules, address).question, { version: 1, tab: "prompts", templates: "a {}", compared: "b {}" });
  assert.equal(read(rules, `#v=1&classes=${"x".repeat(LONGEST)}`).question, null);
});

test("a relative depth and its layer", () => {
  for (let of = 2; of < 60; of++) for (let at = 1; at < of; at++) assert.deepEqual(layerAt(depthOf([at, of]), of), [at, of]);
  for (let of = 2; of < 60; of++) for (let at = 1; at < of; at++) assert.ok(Math.abs(depthOf(layerAt(depthOf([at, of]), 0)) - depthOf([at, of])) < 1e-6);
  assert.equal(layerAt(1, 6), undefined);
  assert.equal(depthOf(undefined), 1);
  assert.equal(depthOf([1, 1]), 1);
});
