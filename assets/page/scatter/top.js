// What lies over the points and changes without them: lines to neighbours, marks, what is pointed at, the lasso.

import * as drawer from "./draw.js";
import * as marking from "./marks.js";
import * as tiles from "./tile.js";

const LARGER = 1.2; // what is pointed at

function square(context, x, y, w, h, by, colour) {
  context.fillStyle = colour;
  context.fillRect(x - w / 2 - by, y - h / 2 - by, w + 2 * by, h + 2 * by);
}

function disc(context, x, y, radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

function ring(context, x, y, radius, colours) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  for (const [width, colour] of [[4, colours.card], [2, colours.ink]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

function cross(context, x, y, radius, colour) {
  const arm = 0.7 * radius;
  context.beginPath();
  for (const side of [-arm, arm]) {
    context.moveTo(x - arm, y - side);
    context.lineTo(x + arm, y + side);
  }
  context.lineWidth = 0.6 * radius;
  context.strokeStyle = colour;
  context.stroke();
}

// A point above all others, ringed; larger: by how much.
function raised(context, look, scene, place, { x, y }, larger, colours) {
  const colour = scene.palette[scene.codes[place]] ?? colours.ink;
  const tile = look.shown && scene.thumbnail(place);
  const wrong = Boolean(scene.wrong?.[place]);
  if (!tile) {
    const radius = Math.max(4 * larger, look.radius);
    ring(context, x, y, radius + 3, colours);
    if (!wrong) return disc(context, x, y, radius, colour);
    disc(context, x, y, radius + 2, colours.card);
    return cross(context, x, y, radius + 2, colour);
  }
  const [w, h] = tiles.fitted(tile, Math.round(look.side * larger));
  const edge = drawer.border(look.side);
  square(context, x, y, w, h, edge + 3, colours.card);
  square(context, x, y, w, h, edge + 2, colours.ink);
  square(context, x, y, w, h, edge, colour);
  tiles.paint(context, tile, x - w / 2, y - h / 2, w, h);
  if (!wrong) return;
  disc(context, x + w / 2, y - h / 2, 5, colours.card);
  cross(context, x + w / 2, y - h / 2, 4, colours.ink);
}

// A point out of sight: an arrowhead at the edge towards it.
function beyond(context, { x, y }, width, height, colours) {
  const [middle, down] = [width / 2, height / 2];
  const share = Math.min((middle - 12) / Math.abs(x - middle), (down - 12) / Math.abs(y - down));
  context.save();
  context.translate(middle + (x - middle) * share, down + (y - down) * share);
  context.rotate(Math.atan2(y - down, x - middle));
  context.beginPath();
  context.moveTo(9, 0);
  context.lineTo(-5, 6);
  context.lineTo(-5, -6);
  context.closePath();
  context.lineWidth = 3;
  context.strokeStyle = colours.card;
  context.stroke();
  context.fillStyle = colours.ink;
  context.fill();
  context.restore();
}

function lasso(context, outline, colours) {
  context.beginPath();
  outline.forEach(([x, y]) => context.lineTo(x, y));
  context.closePath();
  context.globalAlpha = 0.12;
  context.fillStyle = colours.ink;
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.lineJoin = "round";
  for (const [width, colour, dashes] of [[3, colours.card, []], [1.5, colours.ink, [5, 4]]]) {
    context.setLineDash(dashes);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.setLineDash([]);
}

// pointing: also what only lasts while somebody points or draws.
function paint(context, map, look, colours, pointing) {
  const { lens, width, height } = look;
  const scene = map.scene();
  marking.lines(context, marking.ends(map, lens), colours);
  for (const place of scene.raised) raised(context, look, scene, place, map.at(place, lens), 1, colours);
  if (pointing && map.hovered !== null) {
    const { x, y } = map.at(map.hovered, lens);
    if (x >= 0 && y >= 0 && x <= width && y <= height) raised(context, look, scene, map.hovered, { x, y }, LARGER, colours);
    else if (Number.isFinite(x + y)) beyond(context, { x, y }, width, height, colours);
  }
  // Above all pictures, so that no label is half hidden.
  marking.paint(context, map.options.marks, map.marked.now, lens, colours, () => map.redraw(false));
  if (pointing && map.lasso) lasso(context, map.lasso, colours);
}

export { paint };
