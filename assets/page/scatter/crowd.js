// Which points have room for a picture. Distances are halved in two steps each; at every distance, points are taken in the
// order of the data if none taken before is nearer, sideways or up and down. So a point once taken stays taken when the map
// comes nearer, whichever way it is moved, and pictures as wide as the distance never overlap.

import * as views from "./view.js";

export function scatterCrowd(positions) {
  const [WIDEST, LAST] = [2, 19]; // the distance of step 0 in map units; the last step: beyond it, all have room
  const TAKEN_NEVER = 255;
  const count = positions.length / 2;
  const steps = new Uint8Array(count).fill(TAKEN_NEVER); // the step at which each is taken
  const { x, y, radius } = views.extent(positions);
  let done = -1; // the last step worked out
  const distanceAt = (step) => WIDEST * 2 ** (-step / 2);

  function advance() {
    done += 1;
    const distance = distanceAt(done);
    const side = Math.floor((2 * radius) / distance) + 3; // squares across, with one more all around
    const squares = new Int32Array(side * side).fill(-1); // a square of this side holds at most one that is taken
    const square = (i) => {
      const column = Math.floor((positions[2 * i] - x + radius) / distance) + 1;
      return (Math.floor((positions[2 * i + 1] - y + radius) / distance) + 1) * side + column;
    };
    const near = (a, b) =>
      b >= 0 &&
      Math.abs(positions[2 * a] - positions[2 * b]) < distance &&
      Math.abs(positions[2 * a + 1] - positions[2 * b + 1]) < distance;
    for (let i = 0; i < count; i++) if (steps[i] !== TAKEN_NEVER) squares[square(i)] = i;
    for (let i = 0; i < count; i++) {
      if (steps[i] !== TAKEN_NEVER || !Number.isFinite(positions[2 * i] + positions[2 * i + 1])) continue;
      const at = square(i);
      let free = true;
      for (let row = -side; free && row <= side; row += side) {
        free = !near(i, squares[at + row - 1]) && !near(i, squares[at + row]) && !near(i, squares[at + row + 1]);
      }
      if (free) [steps[i], squares[at]] = [done, i];
    }
  }

  // A function: place → whether it has room when pictures need a distance (map units).
  function room(distance) {
    const step = Math.floor(2 * Math.log2(WIDEST / distance));
    if (step > LAST) return () => true;
    while (done < step) advance();
    return (place) => steps[place] <= step;
  }

  return { room };
}
