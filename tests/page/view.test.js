import assert from "node:assert/strict";
import { test } from "node:test";

import { ALL, extent, lens, normalised, onScreen, under, zoomed } from "../../assets/page/scatter/view.js";
import { numbers } from "./random.js";

const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);

test("what is under a spot is seen there", () => {
  for (let i = 0; i < 50; i++) {
    const [x, y, scale, px, py] = numbers(5, i);
    const glass = lens({ x, y, scale: 2 + scale }, 360, 200);
    const place = under(glass, 100 * px, 100 * py);
    const spot = onScreen(glass, place.x, place.y);
    near(spot.x, 100 * px);
    near(spot.y, 100 * py);
  }
});

test("zooming leaves the place pointed at where it is", () => {
  const before = lens(ALL, 360, 360);
  const at = under(before, 217, 92);
  for (const factor of [0.9, 1.5, 7]) {
    const spot = onScreen(lens(zoomed(ALL, factor, at), 360, 360), at.x, at.y);
    near(spot.x, 217);
    near(spot.y, 92);
  }
});

test("at scale 1 everything is in sight, whatever its units", () => {
  const points = Float32Array.from(numbers(200, 3), (value, i) => 1e6 + 40 * value * (i % 2 ? 0.1 : 1));
  const glass = lens(ALL, 300, 220);
  const placed = normalised(points, extent(points));
  for (let i = 0; i < 100; i++) {
    const { x, y } = onScreen(glass, placed[2 * i], placed[2 * i + 1]);
    assert.ok(x > 0 && x < 300 && y > 0 && y < 220);
  }
});

test("up is up", () => {
  const glass = lens(ALL, 300, 300);
  assert.ok(onScreen(glass, 0, 1).y < onScreen(glass, 0, -1).y);
});
