// Which points lie inside an outline drawn by hand.

const STEP = 3; // CSS pixels between the corners of an outline

// Even–odd rule: a ray to the right crosses the outline an odd number of times. Corners as xs and ys, closed by themselves.
function holds(xs, ys, x, y) {
  let odd = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) odd = !odd;
  }
  return odd;
}

// The places inside an outline [[x, y], …], ascending; only points in its box are looked at closely.
function inside(outline, positions) {
  const found = [];
  if (outline.length < 3) return found;
  const [xs, ys] = [0, 1].map((axis) => Float64Array.from(outline, (corner) => corner[axis]));
  const [left, right, bottom, top] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  for (let i = 0; i < positions.length / 2; i++) {
    const x = positions[2 * i];
    const y = positions[2 * i + 1];
    if (x >= left && x <= right && y >= bottom && y <= top && holds(xs, ys, x, y)) found.push(i);
  }
  return found;
}

function extended(outline, x, y) {
  const last = outline[outline.length - 1];
  if (!last || Math.hypot(x - last[0], y - last[1]) >= STEP) outline.push([x, y]);
}

export { inside, extended };
