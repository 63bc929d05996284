// @ts-check
// When things are drawn: everything that is due, once, at the browser's next frame.

/** @type {Set<(time: number) => void>} */
const due = new Set();
let asked = false;

/**
 * Call `draw` at the next frame, once however often it is asked for.
 * @param {(time: number) => void} draw
 */
export function schedule(draw) {
  due.add(draw);
  if (asked) return;
  asked = true;
  requestAnimationFrame(run);
}

/** @param {(time: number) => void} draw */
export function unschedule(draw) {
  due.delete(draw);
}

/** @param {number} time */
function run(time) {
  const now = [...due];
  due.clear();
  asked = false;
  for (const draw of now) {
    try {
      draw(time);
    } catch (error) {
      reportError(error); // what one part of the page gets wrong takes no other with it
    }
  }
}
