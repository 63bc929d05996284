// Where things stand on a map: from the points' own units to units in which every map fills −1 … 1, and from those, through
// a view {x, y, scale}, to CSS pixels. x and y are what stands in the middle (y up); at scale 1 everything is seen.

const PADDING = 30; // CSS pixels between the outermost point and the edge at scale 1
const [LEAST, MOST] = [0.8, 400];
const ALL = { x: 0, y: 0, scale: 1 };
const FAR = 1.2; // how far out the middle of the view may be moved

// The square around all places: {x, y, radius}. lists: arrays of x, y, x, y, …; what is not a number counts for nothing.
function extent(...lists) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      if (!Number.isFinite(list[i])) continue;
      if (list[i] < low[i % 2]) low[i % 2] = list[i];
      if (list[i] > high[i % 2]) high[i % 2] = list[i];
    }
  }
  if (!(high[0] >= low[0] && high[1] >= low[1])) return { x: 0, y: 0, radius: 1 };
  const radius = Math.max(high[0] - low[0], high[1] - low[1]) / 2;
  return { x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, radius: radius || 1 };
}

function normalised(list, { x, y, radius }) {
  return Float32Array.from(list, (value, i) => (value - (i % 2 ? y : x)) / radius);
}

// A view in a width × height box: pixel x = left + k · x, pixel y = top − k · y.
function lens(view, width, height) {
  const k = view.scale * Math.max(Math.min(width, height) / 2 - PADDING, 8);
  return { k, left: width / 2 - k * view.x, top: height / 2 + k * view.y, width, height };
}

const onScreen = (lens, x, y) => ({ x: lens.left + lens.k * x, y: lens.top - lens.k * y });
const under = (lens, x, y) => ({ x: (x - lens.left) / lens.k, y: (lens.top - y) / lens.k });

const within = (value, low, high) => Math.min(high, Math.max(low, value));
const kept = ({ x, y, scale }) => ({
  x: within(x, -FAR, FAR),
  y: within(y, -FAR, FAR),
  scale: within(scale, LEAST, MOST),
});

// The view nearer by a factor, with the place `at` staying where it is on the screen.
function zoomed(view, factor, at) {
  const scale = within(view.scale * factor, LEAST, MOST);
  const share = view.scale / scale;
  return kept({ x: at.x + (view.x - at.x) * share, y: at.y + (view.y - at.y) * share, scale });
}

export { ALL, extent, normalised, lens, onScreen, under, kept, zoomed };
