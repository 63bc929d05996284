// Values → colours: those of draw.py's tables, from zero for shares, around white for signed maps.

import { settings } from "./settings.js";

const SHADES = 256;

// RGB of each shade, as Python has them (draw.py).
const unpacked = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const tables = { false: unpacked(settings.shades.even), true: unpacked(settings.shades.signed) };

// A map as a canvas of one pixel a patch.
function patches({ rows, cols, values, low, high, signed }) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [cols, rows];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(cols, rows);
  const shades = tables[signed];
  for (let i = 0; i < values.length; i++) {
    const place = Math.min(1, Math.max(0, (values[i] - low) / (high - low)));
    const shade = Math.min(SHADES - 1, Math.floor(place * SHADES)) * 3;
    pixels.data.set([shades[shade], shades[shade + 1], shades[shade + 2], 255], i * 4);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

// A colour bar, one pixel high.
function ramp(signed) {
  const values = Float32Array.from({ length: SHADES }, (_, i) => i);
  return patches({ rows: 1, cols: SHADES, values, low: 0, high: SHADES, signed });
}

// A canvas in grey; a colour map is read more easily over grey than over colours.
function greyed(canvas) {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const { data } = pixels;
  for (let i = 0; i < data.length; i += 4) {
    data[i] = data[i + 1] = data[i + 2] = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
  }
  context.putImageData(pixels, 0, 0);
  return copy;
}

export { patches, ramp, greyed };
