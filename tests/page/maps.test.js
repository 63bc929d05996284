import assert from "node:assert/strict";
import { test } from "node:test";

import { drawn, patchAt, placeOf, share, signed, unpack, unpacked } from "../../assets/page/shared/maps.js";

/** As tabs/wiring/packing.py packs. */
function packed(shape, values) {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return { shape, data: btoa(String.fromCharCode(...bytes)) };
}

test("what Python packed is read row by row", () => {
  const { shape, values } = unpack(packed([1, 2, 3], [0, 1, 2, 3, 4, 5]));
  assert.deepEqual(shape, [1, 2, 3]);
  assert.deepEqual([...values], [0, 1, 2, 3, 4, 5]);
});

test("shares are multiples of an even one, on their group's scale", () => {
  const layers = [packed([2, 1, 4], [0.25, 0.25, 0.25, 0.25, 0.7, 0.1, 0.1, 0.1]), packed([1, 2, 2], [0.4, 0.3, 0.2, 0.1])].map(unpack);
  const even = share(layers, layers[0], 0);
  assert.deepEqual([...even.values], [1, 1, 1, 1]);
  assert.deepEqual([even.rows, even.cols, even.low, even.signed], [1, 4, 0, false]);
  const other = share(layers, layers[1], 0);
  assert.deepEqual([other.rows, other.cols], [2, 2]);
  assert.equal(even.high, other.high);
  const own = share(layers, layers[1], 0, true);
  assert.ok(Math.abs(own.high - 1.6) < 1e-6 && !own.clipped);
});

test("the scale of a group ends below its rarest values, and says so", () => {
  const values = Array.from({ length: 100 }, (_, i) => (i === 7 ? 0.5 : 0.5 / 99));
  const found = share([unpack(packed([1, 10, 10], values))], unpack(packed([1, 10, 10], values)), 0);
  assert.ok(found.clipped);
  assert.ok(found.high < 1);
});

test("signed maps have zero in the middle", () => {
  const found = signed(unpack(packed([2, 2], [0.5, -2, 0, 1])));
  assert.deepEqual([found.low, found.high, found.signed], [-2, 2, true]);
});

test("a method with layers shows the layer that is asked for, one without its only map", () => {
  const both = unpack(packed([2, 1, 2], [1, 2, 3, 4]));
  assert.deepEqual([...drawn(both, { signed: true, takes: ["layer"] }, 1).values], [3, 4]);
  const only = unpack(packed([1, 2], [1, -1]));
  assert.deepEqual([...drawn(only, { signed: true, takes: [] }, 3).values], [1, -1]);
  assert.deepEqual(drawn({ refused: "Not this one." }, { signed: true, takes: [] }, 0), { missing: "Not this one." });
});

test("what the browser holds is not needed again, of the same photo and model alone", () => {
  const first = unpacked({ base: "a", attention: [packed([1, 1, 1], [1])], maps: { rollout: packed([1, 1, 1], [1]) } }, null);
  const second = unpacked({ base: "a", maps: { gradcam: packed([1, 1], [-1]) } }, first);
  assert.equal(second.attention, first.attention);
  assert.deepEqual(Object.keys(second.maps), ["rollout", "gradcam"]);
  assert.equal(unpacked({ base: "b", maps: {} }, first), null);
});

test("places and patches agree on every grid and crop", () => {
  for (const view of [[0, 0, 1, 1], [0.2, 0, 0.7, 1], [-0.1, 0.25, 1.1, 0.75]]) {
    const map = { rows: 3, cols: 5 };
    for (let row = 0; row < 3; row++) {
      for (let col = 0; col < 5; col++) assert.deepEqual(patchAt(map, view, placeOf(map, view, [row, col])), [row, col]);
    }
  }
  assert.equal(patchAt({ rows: 3, cols: 5 }, [0.2, 0, 0.7, 1], { x: 0.1, y: 0.5 }), null);
  assert.deepEqual(patchAt({ rows: 3, cols: 5 }, [0, 0, 1, 1], { x: 1, y: 1 }), [2, 4]);
});
