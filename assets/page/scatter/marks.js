// What is no picture of the set but stands among them: prompts with their words, an uploaded photo with its neighbours.

import * as sheets from "./sheet.js";
import * as tiles from "./tile.js";
import * as views from "./view.js";

const [PHOTO, DIAMOND] = [40, 6]; // side of the photo, and from the middle of a diamond to its corners
const [HIGH, AIR] = [19, 4]; // of a label, and between it and its mark
const LETTERS = { size: 12, weight: 400 };
const WIDE = 0.45; // of the map, that a label takes at most
const LINES = [1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6]; // up or down, where a label gives way

const sized = (mark) => (mark.kind === "photo" ? PHOTO / 2 + 4 : DIAMOND + 1);

const images = new Map(); // address → image, once loaded
function loaded(src, redraw) {
  if (!images.has(src)) {
    if (images.size > 8) images.clear();
    const image = new Image();
    image.onload = redraw;
    image.src = src;
    images.set(src, image);
  }
  return images.get(src).complete ? images.get(src) : null;
}

// An image or a tile {image, x, y, w, h} → a tile.
function tile(image) {
  if (image.image) return image;
  return { image, x: 0, y: 0, w: image.naturalWidth || image.width, h: image.naturalHeight || image.height };
}

function pictureOf({ image, src }, redraw) {
  const given = image ?? (src && loaded(src, redraw));
  return given ? tile(given) : null;
}

// The two ends of each line between a mark and a point, in CSS pixels.
function ends(map, lens) {
  const { marks, links } = map.options;
  const found = links.map(([id, place]) => [marks.findIndex((mark) => mark.id === id), place]).filter(([i]) => i >= 0);
  const spot = (i) => views.onScreen(lens, map.marked.now[2 * i], map.marked.now[2 * i + 1]);
  return found.map(([i, place]) => [spot(i), map.at(place, lens)]);
}

function shortened(text, measure, most) {
  if (measure(text) <= most) return text;
  let end = text.length;
  while (end > 1 && measure(`${text.slice(0, end)}…`) > most) end -= 1;
  return `${text.slice(0, end).trimEnd()}…`;
}

const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

// Where a label of a width may stand: beside its mark, above or below it; or a few lines away, with a line to it.
function places({ x, y, size }, w, width) {
  const [right, left, middle] = [x + size + AIR, x - size - AIR - w, x - w / 2];
  const beside = right + w > width - 2 ? [left, right] : [right, left];
  const near = [[beside[0], y - HIGH / 2], [beside[1], y - HIGH / 2], [middle, y - size - HIGH - 2], [middle, y + size + 2]];
  const far = LINES.flatMap((lines) => beside.map((at) => [at, y - HIGH / 2 + lines * (HIGH + 2)]));
  const stand = (moved) => ([at, top]) => ({ x: Math.max(2, Math.min(width - 2 - w, at)), y: top, w, h: HIGH, moved });
  return [...near.map(stand(false)), ...far.map(stand(true))];
}

// Where marks and labels lie: [{mark, x, y, size, label: {x, y, w, h, text, moved} or null}]; positions as x, y, x, y, …
// A label gives way to marks and to earlier labels.
function laid(marks, positions, lens, measure) {
  const found = marks.map((mark, i) => {
    const { x, y } = views.onScreen(lens, positions[2 * i], positions[2 * i + 1]);
    return { mark, x, y, size: sized(mark), label: null };
  });
  const shown = found.filter(({ x, y }) => x > -PHOTO && y > -PHOTO && x < lens.width + PHOTO && y < lens.height + PHOTO);
  const taken = shown.map(({ x, y, size }) => ({ x: x - size, y: y - size, w: 2 * size, h: 2 * size }));
  for (const each of shown) {
    if (!each.mark.label) continue;
    const text = shortened(each.mark.label, measure, lens.width * WIDE);
    const stands = places(each, measure(text) + 10, lens.width);
    each.label = { ...(stands.find((box) => !taken.some((other) => overlap(box, other))) ?? stands[0]), text };
    taken.push(each.label);
  }
  return shown;
}

function diamond(context, { x, y, size, mark }, colours) {
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size, y);
  context.closePath();
  for (const [width, colour] of [[5, colours.card], [3, colours.ink]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.fillStyle = mark.colour || colours.ink;
  context.fill();
}

function photo(context, { x, y, mark }, colours, redraw) {
  const frame = (by, colour) => {
    context.fillStyle = colour;
    context.fillRect(x - PHOTO / 2 - by, y - PHOTO / 2 - by, PHOTO + 2 * by, PHOTO + 2 * by);
  };
  frame(5, colours.card);
  frame(4, mark.colour || colours.ink);
  frame(1.5, colours.card);
  const picture = pictureOf(mark, redraw);
  if (!picture) return;
  const cut = Math.min(picture.w, picture.h); // its middle, square
  const middle = { x: picture.x + (picture.w - cut) / 2, y: picture.y + (picture.h - cut) / 2, w: cut, h: cut };
  tiles.paint(context, { ...picture, ...middle }, x - PHOTO / 2, y - PHOTO / 2, PHOTO, PHOTO);
}

// From a mark to its label, where that stands away: the ends of a line.
function leader({ x, y, label: box }) {
  const inner = Math.max(box.x + 6, Math.min(box.x + box.w - 6, x));
  return [{ x, y }, { x: inner, y: box.y > y ? box.y : box.y + box.h }];
}

function label(context, { label: box }, colours) {
  context.beginPath();
  context.roundRect(box.x, box.y, box.w, box.h, 4);
  context.globalAlpha = 0.9;
  context.fillStyle = colours.card;
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = colours.ink;
  context.fillText(box.text, box.x + 5, box.y + box.h / 2 + 1);
}

function lines(context, ends, colours, wide = 1.5) {
  for (const [width, colour] of [[wide + 2.5, colours.card], [wide, colours.ink]]) {
    context.beginPath();
    for (const [from, to] of ends) {
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
    }
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

function measurer(context) {
  context.font = sheets.font(LETTERS);
  return (text) => context.measureText(text).width;
}

function paint(context, marks, positions, lens, colours, redraw) {
  const shown = laid(marks, positions, lens, measurer(context));
  context.textBaseline = "middle";
  context.lineJoin = "round";
  lines(context, shown.filter((each) => each.label?.moved).map(leader), colours, 1);
  shown.forEach((each) => (each.mark.kind === "photo" ? photo : diamond)(context, each, colours, redraw));
  shown.forEach((each) => each.label && label(context, each, colours));
}

export { laid, ends, leader, lines, paint, pictureOf, LETTERS };
