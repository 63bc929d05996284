// Which point is nearest, looking at few: points sorted into square cells, searched ring by ring from the cell asked about.

import * as views from "./view.js";

export function scatterGrid(positions) {
  const SAMPLE = 400; // points whose neighbours say how far points are apart
  const count = positions.length / 2;
  const { x, y, radius } = views.extent(positions);
  const side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(count)))); // about one point a cell, were they even
  const cell = (2 * radius) / side;
  const [left, bottom] = [x - radius, y - radius];
  const index = (value, low) => Math.floor((value - low) / cell);
  const inside = (at) => Math.min(side - 1, Math.max(0, at));
  const there = (place) => Number.isFinite(positions[2 * place] + positions[2 * place + 1]);
  const cellOf = (place) =>
    inside(index(positions[2 * place + 1], bottom)) * side + inside(index(positions[2 * place], left));

  // The points of cell c are places[starts[c]] … places[starts[c + 1] - 1], in ascending order.
  const starts = new Uint32Array(side * side + 1);
  const places = new Uint32Array(count);
  for (let i = 0; i < count; i++) if (there(i)) starts[cellOf(i) + 1] += 1;
  for (let c = 0; c < side * side; c++) starts[c + 1] += starts[c];
  const next = starts.slice();
  for (let i = 0; i < count; i++) if (there(i)) places[next[cellOf(i)]++] = i;

  let looked = 0; // how many distances were computed, ever

  // The point nearest to (px, py) within reach, or null; of several at one distance the last. besides: a place not meant.
  function nearest(px, py, reach, besides = null) {
    const [column, row] = [index(px, left), index(py, bottom)];
    let [best, found] = [reach * reach, null];
    function look(c, r) {
      if (c < 0 || r < 0 || c >= side || r >= side) return;
      for (let i = starts[r * side + c]; i < starts[r * side + c + 1]; i++) {
        const place = places[i];
        looked += 1;
        const distance = (positions[2 * place] - px) ** 2 + (positions[2 * place + 1] - py) ** 2;
        if (distance > best || place === besides || (distance === best && place < (found ?? 0))) continue;
        [best, found] = [distance, place];
      }
    }
    look(column, row);
    // A cell of this ring is at least ring − 1 cells away.
    for (let ring = 1; (ring - 1) * cell <= Math.sqrt(best); ring++) {
      for (let c = column - ring; c <= column + ring; c++) {
        look(c, row - ring);
        look(c, row + ring);
      }
      for (let r = row - ring + 1; r < row + ring; r++) {
        look(column - ring, r);
        look(column + ring, r);
      }
    }
    return found;
  }

  // How far points are apart where they are: the median distance to the nearest other, of some of them, doubled (so far is
  // one of n evenly spread points from the next).
  function apart() {
    const found = [];
    const step = Math.max(1, Math.floor(count / SAMPLE));
    for (let i = 0; i < count; i += step) {
      if (!there(i)) continue;
      const [px, py] = [positions[2 * i], positions[2 * i + 1]];
      const other = nearest(px, py, 4 * radius, i);
      if (other !== null) found.push(Math.hypot(positions[2 * other] - px, positions[2 * other + 1] - py));
    }
    return found.length ? 2 * found.sort((a, b) => a - b)[found.length >> 1] : Infinity;
  }

  return { nearest, apart, get looked() { return looked; } };
}
