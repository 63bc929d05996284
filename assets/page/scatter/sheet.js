// What stands around an exported map: a title above, a legend and a caption below. One layout for PNG and SVG.

const [EDGE, LINE, TITLE] = [20, 19, 26]; // CSS pixels: around everything, a line of the legend or caption, the title
const [SWATCH, BETWEEN] = [16, 18]; // a legend's mark with its air, and from one entry to the next
const ROOM = 0.84; // of the width, for words: a drawing is opened where letters are wider, too
const FONT = `"IBM Plex Sans", system-ui, sans-serif`;
const font = ({ size, weight }) => `${weight} ${size}px ${FONT}`;

const measurer = new OffscreenCanvas(1, 1).getContext("2d");
function measure(text, style) {
  measurer.font = font(style);
  return measurer.measureText(text).width;
}

// Words → lines no wider than `most`; a word that is wider stands alone.
function wrapped(text, style, most) {
  const lines = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && measure(longer, style) <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

// {width, height, map: {x, y, w, h}, texts: [{text, x, y, size, weight, quiet}], swatches: [{colour, wrong, x, y}]}
// for a map of w × h; y of a text is its baseline, x and y of a swatch its middle.
function laid(width, ratio, { title = "", caption = "", legend = [] }) {
  const w = width - 2 * EDGE;
  const [texts, swatches] = [[], []];
  let y = EDGE;
  const say = (text, style, x = EDGE) => texts.push({ text, x, y: y + style.size, ...style });
  const write = (text, style, step) => {
    for (const line of wrapped(text, style, ROOM * w)) {
      say(line, style);
      y += step;
    }
  };
  write(title, { size: 18, weight: 700, quiet: false }, TITLE);
  const map = { x: EDGE, y: y + (title ? 4 : 0), w, h: Math.round(w * ratio) };
  y = map.y + map.h + 14;
  let x = EDGE;
  const style = { size: 13, weight: 400, quiet: false };
  for (const { label, count, colour, wrong } of legend) {
    const text = Number.isFinite(count) ? `${label}  ${count.toLocaleString("en")}` : `${label}`;
    const wide = SWATCH + measure(text, style);
    if (x > EDGE && x + wide > width - EDGE) [x, y] = [EDGE, y + LINE];
    swatches.push({ colour, wrong: Boolean(wrong), x: x + 5, y: y + 9 });
    say(text, style, x + SWATCH);
    x += wide + BETWEEN;
  }
  if (legend.length) y += LINE + 8;
  write(caption, { ...style, quiet: true }, LINE);
  return { width, height: Math.ceil(y + EDGE - 6), map, texts, swatches };
}

export { laid, measure, font, FONT };
