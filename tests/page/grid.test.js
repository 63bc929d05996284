import assert from "node:assert/strict";
import { test } from "node:test";

import { scatterGrid } from "../../assets/page/scatter/grid.js";
import { numbers } from "./random.js";

const distance = (points, place, x, y) => Math.hypot(points[2 * place] - x, points[2 * place + 1] - y);

test("the nearest point is the nearest of all, within reach", () => {
  const points = Float32Array.from(numbers(1000, 1));
  const grid = scatterGrid(points);
  let none = 0;
  for (let i = 0; i < 300; i++) {
    const [x, y] = numbers(2, 100 + i).map((value) => 1.4 * value);
    const all = Array.from({ length: 500 }, (_, place) => distance(points, place, x, y));
    const found = grid.nearest(x, y, 0.08);
    if (found === null) assert.ok(Math.min(...all) > 0.08, "one was within reach");
    else assert.equal(all[found], Math.min(...all));
    none += found === null;
  }
  assert.ok(none > 20 && none < 280);
});

test("of points at one place the last is meant, and one may be left out", () => {
  const grid = scatterGrid(Float32Array.of(0, 0, 0, 0, 1, 1));
  assert.equal(grid.nearest(0, 0, 1), 1);
  assert.equal(grid.nearest(0, 0, 1, 1), 0);
  assert.equal(grid.nearest(5, 5, 1), null);
});

test("what is not a number is never found", () => {
  const grid = scatterGrid(Float32Array.of(NaN, 0, 2, 2));
  assert.equal(grid.nearest(0, 0, 10), 1);
});
