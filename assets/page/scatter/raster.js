// Thousands of small things into one image, pixel by pixel. A canvas takes 100 ms and more for 50,000 dots without a graphics
// card, whichever way they are drawn; writing their pixels ourselves takes a few, and as long on every machine.

const MARGIN = 24; // pixels around the picture, so that nothing that sticks out needs a check
const SAMPLES = 5; // per side of a pixel, to smooth edges
const CROSS = 0.3; // half the width of a cross's bars, in radii

const numbers = new Map(); // CSS colour → its pixel
let tester = null;
function number(colour) {
  if (numbers.size > 1000) numbers.clear();
  if (!numbers.has(colour)) {
    tester ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    tester.fillStyle = "#000";
    tester.fillStyle = colour;
    tester.fillRect(0, 0, 1, 1);
    numbers.set(colour, new Uint32Array(tester.getImageData(0, 0, 1, 1).data.buffer)[0] | 0xff000000);
  }
  return numbers.get(colour);
}

const shapes = {
  disc: (x, y) => x * x + y * y <= 1,
  cross: (x, y) => {
    const [a, b] = [Math.abs(x + y) * Math.SQRT1_2, Math.abs(x - y) * Math.SQRT1_2];
    return Math.min(a, b) <= CROSS && Math.max(a, b) <= 1;
  },
};

// Which share of each pixel a shape covers: [{right, down, share}], share of 256.
function covered(shape, radius) {
  const found = [];
  const edge = Math.ceil(radius);
  for (let down = -edge; down <= edge; down++) {
    for (let right = -edge; right <= edge; right++) {
      let hits = 0;
      for (let s = 0; s < SAMPLES * SAMPLES; s++) {
        const x = right + ((s % SAMPLES) + 0.5) / SAMPLES - 0.5;
        const y = down + (Math.floor(s / SAMPLES) + 0.5) / SAMPLES - 0.5;
        hits += shapes[shape](x / radius, y / radius);
      }
      if (hits) found.push({ right, down, share: Math.round((256 * hits) / SAMPLES ** 2) });
    }
  }
  return found;
}

function mixed(under, over, share) {
  const channel = (shift) => {
    const below = (under >>> shift) & 255;
    return (below + (((((over >>> shift) & 255) - below) * share) >> 8)) << shift;
  };
  return channel(0) | channel(8) | channel(16) | 0xff000000;
}

// An image of width × height pixels; places are whole pixels, colours are number()s.
function raster(width, height) {
  const across = width + 2 * MARGIN;
  const down = height + 2 * MARGIN;
  const image = new ImageData(across, down);
  const pixels = new Uint32Array(image.data.buffer);
  const offset = (x, y) => (y + MARGIN) * across + x + MARGIN;
  const within = (value, high) => Math.min(high, Math.max(0, value));

  function stamp(shape, radius) {
    const found = covered(shape, radius);
    const whole = found.filter(({ share }) => share >= 256);
    const edge = found.filter(({ share }) => share < 256);
    const offsets = (list) => Int32Array.from(list, (pixel) => pixel.down * across + pixel.right);
    return { reach: Math.ceil(radius), whole: offsets(whole), edge: offsets(edge), shares: edge.map(({ share }) => share) };
  }

  function put(x, y, { reach, whole, edge, shares }, colour) {
    if (x < reach - MARGIN || y < reach - MARGIN) return;
    if (x >= width + MARGIN - reach || y >= height + MARGIN - reach) return;
    const at = offset(x, y);
    for (let i = 0; i < whole.length; i++) pixels[at + whole[i]] = colour;
    for (let i = 0; i < edge.length; i++) pixels[at + edge[i]] = mixed(pixels[at + edge[i]], colour, shares[i]);
  }

  function box(x, y, w, h, colour) {
    const [left, right] = [within(x + MARGIN, across), within(x + w + MARGIN, across)];
    const bottom = within(y + h + MARGIN, down);
    for (let row = within(y + MARGIN, down); row < bottom; row++) {
      pixels.fill(colour, row * across + left, row * across + right);
    }
  }

  // source: w × h pixels
  function picture(x, y, w, h, source) {
    const [left, right] = [within(x + MARGIN, across), within(x + w + MARGIN, across)];
    const bottom = within(y + h + MARGIN, down);
    for (let row = within(y + MARGIN, down); row < bottom; row++) {
      let from = (row - y - MARGIN) * w + left - x - MARGIN;
      for (let to = row * across + left; to < row * across + right; to++) pixels[to] = source[from++];
    }
  }

  return {
    width, height, stamp, put, box, picture,
    fill: (colour) => pixels.fill(colour),
    show: (context) => context.putImageData(image, -MARGIN, -MARGIN),
  };
}

export { number, raster, mixed };
