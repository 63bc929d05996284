/** Numbers from −1 to 1, the same for the same seed (mulberry32). @param {number} count @param {number} seed */
export function numbers(count, seed) {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return 2 * (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) - 1;
  });
}
