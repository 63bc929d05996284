// A map as it is seen, on white, with its title, legend and caption, as SVG: shapes and text that can be edited, thumbnails
// as JPEG inside.

import * as drawer from "./draw.js";
import { PAPER, sceneOf, sheet as laidOut } from "./export.js";
import * as marking from "./marks.js";
import * as sheets from "./sheet.js";
import * as tiles from "./tile.js";

const [THUMB, QUALITY] = [96, 0.85]; // longest side of a thumbnail in pixels, and its JPEG quality

// Characters that XML cannot hold are dropped, those that it reads as markup escaped.
const NAMES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
const FOREIGN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
const escaped = (text) => String(text).replace(FOREIGN, "").replace(/[&<>"']/g, (letter) => NAMES[letter]);
const round = (value) => String(Math.round(value * 10) / 10);

function tag(name, attributes, inside = "") {
  const told = Object.entries(attributes).map(([key, value]) => {
    return ` ${key}="${typeof value === "number" ? round(value) : escaped(value)}"`;
  });
  return inside ? `<${name}${told.join("")}>${inside}</${name}>` : `<${name}${told.join("")}/>`;
}

const circle = (cx, cy, r, fill) => tag("circle", { cx, cy, r, fill });
function cross(x, y, r, stroke, width = 0.6 * r) {
  const [a, b, c, d] = [x - 0.7 * r, y - 0.7 * r, x + 0.7 * r, y + 0.7 * r].map(round);
  return tag("path", { d: `M${a} ${b}L${c} ${d}M${a} ${d}L${c} ${b}`, stroke, "stroke-width": width });
}

function jpeg(tile, paper) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = tiles.fitted(tile, Math.min(THUMB, Math.max(tile.w, tile.h)));
  const context = canvas.getContext("2d");
  context.fillStyle = paper.card;
  context.fillRect(0, 0, canvas.width, canvas.height);
  tiles.paint(context, tile, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", QUALITY);
}

function dot(place, x, y, colour, { radius }, { wrong }) {
  const { disc, cross: arm } = drawer.radii(radius);
  return wrong?.[place] ? cross(x, y, arm, colour) : circle(x, y, disc, colour);
}

function picture(place, x, y, colour, pale, { side }, { thumbnail, wrong }, paper) {
  const edge = drawer.border(side);
  const tile = thumbnail(place);
  const [w, h] = tile ? tiles.fitted(tile, side) : [side, side];
  const box = (by) => ({ x: x - w / 2 - by, y: y - h / 2 - by, width: w + 2 * by, height: h + 2 * by });
  const parts = [tag("rect", { ...box(edge), fill: colour })];
  if (tile) parts.push(tag("image", { ...box(0), href: jpeg(tile, paper) }));
  if (wrong?.[place]) parts.push(circle(x + w / 2, y - h / 2, 5, paper.card), cross(x + w / 2, y - h / 2, 4, paper.ink));
  return tag("g", pale ? { opacity: "0.35" } : {}, parts.join(""));
}

// A point above all others, ringed.
function raised(place, { x, y }, look, scene, paper) {
  const colour = scene.palette[scene.codes[place]] ?? paper.faded;
  const ring = { cx: x, cy: y, r: look.radius + 3, fill: "none", stroke: paper.ink, "stroke-width": 2 };
  if (!look.shown) return tag("circle", ring) + dot(place, x, y, colour, look, scene);
  const tile = scene.thumbnail(place) ?? { w: 1, h: 1 };
  const [w, h] = tiles.fitted(tile, look.side).map((side) => side + 2 * drawer.border(look.side) + 4);
  const around = tag("rect", { x: x - w / 2, y: y - h / 2, width: w, height: h, fill: paper.ink });
  return around + picture(place, x, y, colour, false, look, scene, paper);
}

function points(look, scene, paper) {
  const found = [];
  drawer.each(look, scene, (place, x, y, pale, shown) => {
    const colour = pale ? paper.faded : scene.palette[scene.codes[place]] ?? paper.faded;
    found.push(shown ? picture(place, x, y, colour, pale, look, scene, paper) : dot(place, x, y, colour, look, scene));
  });
  return found;
}

function label({ label: box }, paper) {
  const back = { x: box.x, y: box.y, width: box.w, height: box.h, rx: 4, fill: paper.card, "fill-opacity": "0.9" };
  const { size } = marking.LETTERS;
  const text = { x: box.x + 5, y: box.y + box.h / 2 + 4.5, "font-size": size, fill: paper.ink };
  return tag("rect", back) + tag("text", text, escaped(box.text));
}

const line = (paper, width) => ([from, to]) =>
  tag("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, stroke: paper.ink, "stroke-width": width });

function mark({ x, y, size, mark: { kind, colour, picture } }, paper) {
  const square = (by, fill) => tag("rect", { x: x - size + by, y: y - size + by, width: 2 * (size - by), height: 2 * (size - by), fill });
  if (kind === "photo") {
    const inside = { x: x - size + 4, y: y - size + 4, width: 2 * size - 8, height: 2 * size - 8 };
    const image = picture && tag("image", { ...inside, href: jpeg(picture, paper), preserveAspectRatio: "xMidYMid slice" });
    return square(0, colour || paper.ink) + square(2.5, paper.card) + (image || "");
  }
  const corners = [[0, -size], [size, 0], [0, size], [-size, 0]].map(([dx, dy]) => `${round(x + dx)},${round(y + dy)}`);
  const shape = { points: corners.join(" "), fill: colour || paper.ink, stroke: paper.ink, "stroke-width": 1.5 };
  return tag("polygon", shape);
}

// Lines to neighbours, what is raised, and the marks.
function above(map, look, scene, paper) {
  const { lens } = look;
  const given = map.options.marks.map((each) => ({ ...each, picture: marking.pictureOf(each) }));
  const measure = (text) => sheets.measure(text, marking.LETTERS);
  const shown = marking.laid(given, map.marked.now, lens, measure);
  const labelled = shown.filter((each) => each.label);
  return [
    ...marking.ends(map, lens).map(line(paper, 1.5)),
    ...scene.raised.map((place) => raised(place, map.at(place, lens), look, scene, paper)),
    ...labelled.filter((each) => each.label.moved).map(marking.leader).map(line(paper, 1)),
    ...shown.map((each) => mark(each, paper)),
    ...labelled.map((each) => label(each, paper)),
  ];
}

function svg(map, about = {}) {
  const sheet = laidOut(map, about);
  const { x, y, w, h } = sheet.map;
  const { look, scene } = sceneOf(map, sheet.map);
  const inner = { x, y, width: w, height: h, viewBox: `0 0 ${w} ${h}` };
  const texts = sheet.texts.map(({ text, x: left, y: base, size, weight, quiet }) => {
    const style = { "font-size": size, "font-weight": String(weight), fill: quiet ? PAPER.quiet : PAPER.ink };
    return tag("text", { x: left, y: base, ...style, "xml:space": "preserve" }, escaped(text));
  });
  const parts = [
    ...(about.title ? [tag("title", {}, escaped(about.title))] : []),
    tag("rect", { width: sheet.width, height: sheet.height, fill: PAPER.card }),
    tag("svg", inner, [...points(look, scene, PAPER), ...above(map, look, scene, PAPER)].join("\n")),
    tag("rect", { x, y, width: w, height: h, fill: "none", stroke: PAPER.line }),
    ...sheet.swatches.map((each) => (each.wrong ? cross : circle)(each.x, each.y, 5, each.colour)),
    ...texts,
  ];
  const outer = { xmlns: "http://www.w3.org/2000/svg", width: sheet.width, height: sheet.height };
  const box = { viewBox: `0 0 ${sheet.width} ${sheet.height}`, "font-family": sheets.FONT };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${tag("svg", { ...outer, ...box }, parts.join("\n"))}\n`;
}

export { svg };
