// Thumbnails at the size they are drawn in, as pixels; only those in sight, and of one size at a time.

import { mixed } from "./raster.js";
import { fitted, paint } from "./tile.js";

export function scatterTiles() {
  const MOST = 6000; // tiles kept
  const BATCH = 1024; // tiles scaled on one canvas
  const PALE = 70; // of 256: what is left of a picture that is not selected
  const kept = new Map(); // place → {w, h, full, pale}
  let [side, ground, canvas] = [0, 0, null];

  function scale(batch) {
    const columns = Math.ceil(Math.sqrt(batch.length));
    const rows = Math.ceil(batch.length / columns);
    canvas ??= document.createElement("canvas");
    [canvas.width, canvas.height] = [columns * side, rows * side];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = `rgb(${ground & 255} ${(ground >>> 8) & 255} ${(ground >>> 16) & 255})`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const corner = (i) => [(i % columns) * side, Math.floor(i / columns) * side];
    batch.forEach(({ tile }, i) => paint(context, tile, ...corner(i), ...fitted(tile, side)));
    const pixels = new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    batch.forEach(({ place, tile }, i) => {
      const [[left, top], [w, h]] = [corner(i), fitted(tile, side)];
      const full = new Uint32Array(w * h);
      for (let row = 0; row < h; row++) {
        const from = (top + row) * canvas.width + left;
        full.set(pixels.subarray(from, from + w), row * w);
      }
      kept.set(place, { w, h, full, pale: null });
    });
  }

  // Scale what is not yet there; returns the places without a thumbnail.
  function ready(places, wantedSide, wantedGround, thumbnail) {
    if (wantedSide !== side || wantedGround !== ground || kept.size > MOST) kept.clear();
    [side, ground] = [wantedSide, wantedGround];
    const [missing, fresh] = [[], []];
    for (const place of places) {
      if (kept.has(place)) continue;
      const tile = thumbnail(place);
      if (tile) fresh.push({ place, tile });
      else missing.push(place);
    }
    for (let i = 0; i < fresh.length; i += BATCH) scale(fresh.slice(i, i + BATCH));
    return missing;
  }

  function greyed(pixel) {
    const light = 0.299 * (pixel & 255) + 0.587 * ((pixel >>> 8) & 255) + 0.114 * ((pixel >>> 16) & 255);
    return mixed(ground, Math.round(light) * 0x010101, PALE);
  }

  // {w, h, pixels} or undefined.
  function get(place, pale) {
    const tile = kept.get(place);
    if (!tile || !pale) return tile && { ...tile, pixels: tile.full };
    tile.pale ??= tile.full.map(greyed);
    return { ...tile, pixels: tile.pale };
  }

  return { ready, get, forget: () => kept.clear() };
}
