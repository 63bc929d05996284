import assert from "node:assert/strict";
import { test } from "node:test";

import { line } from "../../assets/page/shared/line.js";

function joined() {
  const went = [];
  const made = line("test");
  made.join({ trigger: (what) => went.push(what) });
  return { made, went };
}

test("only the answer to the newest question counts, and once", () => {
  const { made } = joined();
  made.ask();
  const first = made.question().serial;
  made.ask();
  const second = made.question().serial;
  assert.ok(!made.hears({ serial: first }));
  assert.ok(made.hears({ serial: second }, true)); // a part
  assert.ok(made.hears({ serial: second }));
  assert.ok(!made.hears({ serial: second }));
});

test("what was asked before the line was there goes out once it is", () => {
  const went = [];
  const made = line("test");
  made.ask();
  made.join({ trigger: (what) => went.push(what) });
  made.join({ trigger: () => went.push("twice") });
  assert.deepEqual(went, ["ask"]);
});

test("what was taken back before the line was there does not go out", () => {
  const went = [];
  const made = line("test");
  made.ask();
  made.cancel();
  made.join({ trigger: (what) => went.push(what) });
  assert.deepEqual(went, []);
});

test("a question kept back behind a failing one is asked again", () => {
  const { made, went } = joined();
  made.ask();
  made.question();
  made.ask(); // kept back
  assert.equal(made.fails(), false); // the first one, and nobody is told
  made.question();
  assert.equal(made.fails(), true);
  assert.deepEqual(went, ["ask", "stop", "ask", "ask"]);
});

test("a stop names the first question that is still wanted", () => {
  const { made, went } = joined();
  made.ask();
  const { asker, serial } = made.question();
  made.cancel();
  assert.equal(made.wanted().asker, asker);
  assert.ok(made.wanted().serial > serial);
  assert.deepEqual(went, ["ask", "stop"]);
  assert.ok(!made.hears({ serial }));
});

test("two lines have two askers", () => {
  assert.notEqual(line("a").question().asker, line("b").question().asker);
});
