import assert from "node:assert/strict";
import { test } from "node:test";

import { doubt, moved, odds, points, range, rated } from "../../assets/page/shared/parts.js";
import { csv } from "../../assets/page/shared/saving.js";
import { extremes, number, percent, pointed, short } from "../../assets/page/shared/wording.js";

test("numbers carry as many digits as they deserve", () => {
  assert.deepEqual([0, 0.00004, 0.0123, 1.234, 12.34, 123.4].map((value) => number(value)), ["0", "4e−5", "0.012", "1.2", "12.3", "123"]);
  assert.deepEqual([1.5, -1.5, 0].map((value) => number(value, true)), ["+1.5", "−1.5", "0"]);
});

test("shares never round to nothing or to all", () => {
  assert.deepEqual([0.0001, 0.5, 0.9999, 1].map(percent), ["< 0.1 %", "50.0 %", "> 99.9 %", "100.0 %"]);
});

test("rates and their intervals", () => {
  assert.equal(points(52 / 64), "81.3");
  assert.equal(range({ low: 0.791, high: 0.87, total: 3200 }), "(79.1–87.0, n = 3,200)");
  assert.equal(odds(0.0001), "less than 1 time in 2,000");
  assert.equal(odds(0.2), "20 times in 100");
});

test("long names are cut", () => {
  assert.equal(short("x".repeat(50), 10), `${"x".repeat(9)}…`);
  assert.equal(short("cat"), "cat");
});

test("a map's extremes and its value at a place, rows before columns", () => {
  const map = { rows: 2, cols: 3, values: [0, 0, 0, -2, 0, 1.5], signed: true };
  assert.equal(extremes(map), "2 by 3 patches. Highest at row 2, column 3: +1.5 logits. Lowest at row 2, column 1: −2.0 logits.");
  assert.equal(pointed({ map, view: [0, 0, 1, 1] }, { x: 0.1, y: 0.9 }), "row 2, column 1: −2.0 logits");
  assert.equal(pointed({ map, view: [0.5, 0, 1, 1] }, { x: 0.1, y: 0.9 }), "outside what this model sees");
});

test("no cell of a table is a formula", () => {
  assert.equal(csv([["=1+1", 'a "b"', "x,y", null, -3]]), `'=1+1,"a ""b""","x,y",,-3\r\n`);
});

test("a share without a rate says why, and has no interval", () => {
  const silent = { rate: null, total: 12, low: 0, high: 1 };
  assert.deepEqual([rated(silent), range(silent), doubt(silent)], ["no answer", "(n = 12)", "no answer (n = 12)"]);
  assert.equal(doubt({ rate: null, total: 0, low: 0, high: 1 }), "no picture");
  assert.equal(doubt({ rate: 0.5, total: 12, low: 0.25, high: 0.75 }), "50.0 % (25.0–75.0, n = 12)");
  assert.deepEqual([moved(0.012), moved(-0.003), moved(0)], ["+1.2", "−0.3", "±0.0"]);
});
