// A model's packed answer → maps, each with the scale it is shown on.
//
// Shares (attention, rollout) are shown as multiples of an even one (1 = what every patch would get if all got the same);
// signed maps (Grad-CAM, integrated gradients) in logits. One model's heads and layers share one scale.

/**
 * @typedef {{rows: number, cols: number, values: Float32Array, low: number, high: number, clipped: boolean, signed: boolean,
 *   note?: string}} Scaled  a map, and the values at the ends of its colours; clipped: whether some lie above
 * @typedef {Scaled & {layer: number, heads: number, head: number, wanted: number}} Chosen  and which of a model's maps it is
 * @typedef {{missing: string, waiting: boolean, slow: {state: string, done?: number, error?: string}}} Reason  why there is none
 * @typedef {Partial<Chosen> & Partial<Reason>} MapOrReason
 * @typedef {[left: number, top: number, right: number, bottom: number]} View  the part of a photo a model sees, fractions
 * @typedef {{x: number, y: number}} Place  in a photo, fractions
 * @typedef {{shape: number[], values: Float32Array}} Unpacked
 */

const CLIPPED = 0.98; // the scale ends where this share of all values lies below; the few above take its colour

// {shape, data} of tabs/wiring/packing.py → {shape, values, ...}; the last two sides of a shape are rows and cols.
function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed.data), (letter) => letter.charCodeAt(0));
  return { shape: packed.shape, values: new Float32Array(bytes.buffer) };
}

function unpacked(value, held) {
  const fresh = Boolean(value.attention);
  if (!fresh && held?.base !== value.base) return null;
  const found = Object.entries(value.maps).map(([method, map]) => [method, map.refused ? map : { ...unpack(map), note: map.note }]);
  return {
    ...value,
    seen: value.seen ?? held?.seen,
    attention: fresh ? value.attention.map(unpack) : held.attention,
    maps: { ...(fresh ? {} : held.maps), ...Object.fromEntries(found) },
  };
}

const sides = ({ shape }) => shape.slice(-2);
const size = (packed) => sides(packed)[0] * sides(packed)[1];
const slice = (packed, index) => packed.values.subarray(index * size(packed), (index + 1) * size(packed));

const tops = new WeakMap(); // packed maps → the top of their common scale
function top(group) {
  if (!tops.has(group)) {
    const all = new Float32Array(group.reduce((sum, { values }) => sum + values.length, 0));
    let at = 0;
    for (const packed of group) {
      all.set(packed.values.map((value) => value * size(packed)), at);
      at += packed.values.length;
    }
    all.sort();
    const most = all[all.length - 1];
    const high = all[Math.floor((all.length - 1) * CLIPPED)];
    tops.set(group, { high: high > 0 ? high : most || 1, most });
  }
  return tops.get(group);
}

// own: whether the map is stretched by itself, and not on its group's scale.
function share(group, packed, index, own = false) {
  const [rows, cols] = sides(packed);
  const values = slice(packed, index).map((value) => value * rows * cols);
  let { high, most } = top(group);
  if (own) high = most = values.reduce((a, b) => Math.max(a, b), 0) || 1;
  return { rows, cols, values, low: 0, high, clipped: most > high * 1.001, signed: false };
}

function signed(packed, index = 0) {
  const [rows, cols] = sides(packed);
  const high = packed.values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
  return { rows, cols, values: slice(packed, index), low: -high, high, clipped: false, signed: true, note: packed.note };
}

const groups = new WeakMap(); // packed maps → the one-element list that names their scale
/**
 * A method's map, or that of one layer where it has one for each.
 * @param {Unpacked & {refused?: string, note?: string}} packed
 * @param {{signed: boolean, takes: string[]}} method
 * @param {number} layer
 * @returns {MapOrReason}
 */
function drawn(packed, { signed: both, takes }, layer, own = false) {
  if (packed.refused) return { missing: packed.refused };
  const index = takes.includes("layer") ? layer : 0;
  if (both) return { ...signed(packed, index), layer };
  if (!groups.has(packed)) groups.set(packed, [packed]);
  return { ...share(groups.get(packed), packed, index, own), layer, note: packed.note };
}

/**
 * The [row, col] of a place in the photo on a map's grid, or null outside what the model sees.
 * @param {MapOrReason} map
 * @param {View} view
 * @param {Place} place
 * @returns {[number, number] | null}
 */
function patchAt(map, view, place) {
  const x = (place.x - view[0]) / (view[2] - view[0]);
  const y = (place.y - view[1]) / (view[3] - view[1]);
  if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return null;
  return [Math.min(map.rows - 1, Math.floor(y * map.rows)), Math.min(map.cols - 1, Math.floor(x * map.cols))];
}

/**
 * The middle of a patch, as a place in the photo.
 * @param {MapOrReason} map
 * @param {View} view
 * @param {number[]} patch
 */
function placeOf(map, view, [row, col]) {
  return {
    x: view[0] + ((col + 0.5) / map.cols) * (view[2] - view[0]),
    y: view[1] + ((row + 0.5) / map.rows) * (view[3] - view[1]),
  };
}

export { unpack, unpacked, share, signed, drawn, patchAt, placeOf };
