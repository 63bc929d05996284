// Numbers on their way from where they are to where they shall be, all in step. A new target starts from where they are now.

export function scatterMotion(start, duration) {
  let now = start;
  let [from, to, begin] = [start, start, null];
  const eased = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2); // slow, fast, slow

  function jump(target) {
    [now, to, begin] = [target.slice(), target, null];
  }

  // initial: where to start from; by default where the numbers are now. What cannot be reached by moving jumps.
  function move(target, initial = now) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (still || target.length !== initial.length) return jump(target);
    [from, to, begin] = [initial.map((value, i) => (Number.isFinite(value) ? value : target[i])), target, performance.now()];
    now = from.slice();
  }

  // Advance to a time (as requestAnimationFrame tells it); returns whether anything moved.
  function step(time) {
    if (begin === null) return false;
    const part = (time - begin) / duration;
    if (part >= 1) {
      jump(to);
      return true;
    }
    const share = eased(Math.max(0, part));
    for (let i = 0; i < now.length; i++) now[i] = from[i] + (to[i] - from[i]) * share;
    return true;
  }

  return {
    jump, move, step,
    get now() { return now; },
    get target() { return to; },
    get moving() { return begin !== null; },
  };
}
