import assert from "node:assert/strict";
import { test } from "node:test";

import { choices, said, shared } from "../../assets/page/shared/choices.js";
import { lineOf, names, namesIn } from "../../assets/page/shared/class-lines.js";

const START = { set: undefined, clip: undefined, templates: undefined };

// The visit's choices, with tabs as they start.
function visit(...tabs) {
  const made = choices();
  for (const tab of tabs) made.settle(tab, START);
  return made;
}
const taken = (due) => Object.fromEntries(Object.entries(due).map(([name, { value }]) => [name, value]));

test("what was chosen last, on whichever tab, is what a tab takes over", () => {
  const made = visit("prompts", "map", "compare");
  made.leave("prompts", { ...START, set: "toybox", templates: "one {}" });
  assert.deepEqual(taken(made.due("map", START)), { set: "toybox", templates: "one {}" });
  made.settle("map", { ...START, set: "toybox", templates: "one {}" });
  made.leave("map", { ...START, set: "upload:12", templates: "one {}" });
  assert.deepEqual(taken(made.due("compare", START)), { set: "upload:12", templates: "one {}" });
  assert.deepEqual(taken(made.due("prompts", { ...START, set: "toybox", templates: "one {}" })), { set: "upload:12" });
});

test("a tab takes over what it has a place for, once, and nothing of its own", () => {
  const made = visit("prompts", "map");
  made.leave("prompts", { ...START, clip: "a/b" });
  assert.deepEqual(made.due("prompts", START), {});
  assert.deepEqual(made.due("map", { set: undefined }), {});
  assert.deepEqual(taken(made.due("map", START)), { clip: "a/b" });
  made.settle("map", START); // the person took it back
  assert.deepEqual(made.due("map", START), {});
  made.leave("map", START);
  assert.deepEqual(made.due("prompts", { ...START, clip: "a/b" }), {});
});

test("going back to how a tab starts is a choice too, but of classes, which are then the set's own", () => {
  const made = visit();
  made.settle("prompts", { templates: "one {}", classes: "dog\ncat" });
  made.leave("prompts", { templates: undefined, classes: undefined });
  assert.deepEqual(taken(made.due("explain", { templates: "one {}", classes: "dog" })), { templates: undefined });
});

test("a model that is left out on one tab stays there and is left out nowhere else", () => {
  const made = visit();
  made.settle("compare", { swin: undefined });
  made.settle("map", { swin: undefined });
  made.leave("compare", { swin: "none" });
  assert.deepEqual(made.due("map", { swin: undefined }), {});
  made.leave("map", { swin: "a/b" });
  assert.deepEqual(made.due("compare", { swin: "none" }), {});
});

test("whatever is chosen wherever: a tab that is opened shows what was chosen last", () => {
  const tabs = ["explain", "prompts", "map"];
  let seed = 1;
  const roll = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let round = 0; round < 300; round++) {
    const made = visit(...tabs);
    const shows = Object.fromEntries(tabs.map((tab) => [tab, { ...START }]));
    const last = { ...START };
    for (let step = 0; step < 12; step++) {
      const tab = tabs[roll(3)];
      Object.assign(shows[tab], taken(made.due(tab, shows[tab])));
      assert.deepEqual(shows[tab], last);
      made.settle(tab, { ...shows[tab] });
      if (roll(2)) {
        const name = Object.keys(START)[roll(3)];
        shows[tab][name] = last[name] = [undefined, "a", "b", "c"][roll(4)];
      }
      made.leave(tab, { ...shows[tab] });
    }
  }
});

test("what is taken over is said", () => {
  const made = visit("prompts");
  made.leave("prompts", { set: "toybox", clip: "a/b", templates: "{}" });
  assert.equal(said(made.due("map", START), () => "CLIP"), "Now here, as chosen on Prompts: pictures, CLIP and templates.");
  assert.deepEqual(shared(["vit", "clip"]), ["set", "vit", "clip", "templates", "classes"]);
});

test("classes of a text, with their synonyms and their own bars", () => {
  assert.deepEqual(namesIn("dog | puppy\n\n a\\|b\\\\ |c"), ["dog", "puppy", "a|b\\", "c"]);
  for (const name of ["dog", "a|b", "\\", "|\\|", "c\\d"]) assert.deepEqual(namesIn(lineOf(name)), [name]);
  assert.ok(names("puppy|dog\ncat", ["Dog", "cat"]));
  assert.ok(!names("dog", ["dog", "cat"]));
  assert.ok(!names("", ["dog"]));
});
