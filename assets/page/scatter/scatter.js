// A scatter of pictures on a canvas: dots while many are in sight; when fewer are, as many thumbnails as there is room for.
//
//   const map = scatter(options);      place.append(map.node); it fills the width, and the height where there is one
//   map.set(changes)                             any of the options; nothing is called back because of it
//
// Options that say what is shown. A place is a point's number, from 0.
//   points     Float32Array, x, y, x, y, …, y up, any scale; a point that is not a number is left out. As many as before:
//              they move to their new places in 600 ms. Another number, or `fresh: true` beside them: other pictures, shown at
//              once, with nothing selected and all thumbnails forgotten
//   codes      for each point its place in `palette`; palette: CSS colours (no variables)
//   wrong      for each point whether it is wrong, or null: drawn as a cross, or a cross in a thumbnail's corner
//   thumbnail  (place) → {image, x, y, w, h}, a tile of an image or canvas of this page, or undefined while there is none;
//              null: dots only
//   card       (place) → {title, lines, src, tile}, all optional: what is told beside the point; never read as HTML
//   describe   (place) → the words for a screen reader; null: the card's
//   marks      [{id, kind: "prompt" | "photo", x, y, label, colour, image or src}] in the points' units; a mark moves to its
//              new place when one of its id was there before
//   links      [[id of a mark, place], …], drawn as lines
//   hovered    a place or null; selected: places; view: {x, y, scale} as another map tells it, null for everything. Views are
//              in units in which each map fills −1 … 1, so that one map's view fits another
//   label      the map's name for a screen reader; empty: a sentence for when there are no points
//
// Options that are called:
//   wants(places)     thumbnails that should be drawn and are not there: at most 400 at a time, from the middle outwards;
//                     answer with map.draw() once `thumbnail` knows them
//   hover(place)      what is pointed at, or null; select(places): what is selected, after a click, a lasso, Escape
//   choose(place)     a click or Enter on one point; open(place): Enter on it when it is the one selected, or a double click
//                     (which zooms in where `open` is null)
//   moved(view)       the view, at every step of zooming or panning
//
// Also: map.heading, an empty element left of the buttons, for the caller's words; map.draw(); map.fit(); map.view, hovered,
// selected, pictures (whether thumbnails are drawn), moving; map.at(place) → {x, y} in CSS pixels on the canvas;
// map.nearest(x, y) → place or null; map.png({title, caption, legend, width = 720}) → promise of a Blob, twice as many pixels;
// map.svg(the same) → text; legend: [{label, colour, count, wrong}], count and wrong optional; map.destroy().

import { scatterActs } from "./acts.js";
import { scatterCard } from "./card.js";
import { scatterCrowd } from "./crowd.js";
import * as exports from "./export.js";
import { scatterFrame } from "./frame.js";
import { scatterGrid } from "./grid.js";
import { scatterHint } from "./hint.js";
import { scatterKeys } from "./keys.js";
import { scatterMotion } from "./motion.js";
import { scatterPointer } from "./pointer.js";
import * as svgs from "./svg.js";
import { scatterTiles } from "./tiles.js";
import { scatterTools } from "./tools.js";
import * as views from "./view.js";
import { scatterWants } from "./wants.js";
import { make } from "../shared/make.js";

export function scatter(options = {}) {
  const [TRAVEL, GLIDE] = [600, 220]; // ms that points take to new places, and the view
  const REACH = 12; // CSS pixels around a dot that count as it
  const SAME = 1e-9; // views less apart are one, relative to their scale
  const BEYOND = 1.02; // marks this far out, in map units, make the map wider
  const FEW = 30; // at most so many selected points are raised; more show by the others' fading
  /** @type {(...told: unknown[]) => void} */
  const nothing = () => {};
  const told = { points: new Float32Array(0), codes: [], palette: ["#888888"], wrong: null, marks: [], links: [] };
  const asked = { thumbnail: null, card: nothing, describe: null, wants: nothing };
  const calls = { hover: nothing, select: nothing, choose: nothing, open: null, moved: nothing };

  // What the parts of a map share.
  const map = {
    options: { ...told, ...asked, ...calls, label: "A map of pictures", empty: "" },
    node: make("div", "hl-scatter"),
    base: make("canvas", "hl-scatter-points", "", { "aria-hidden": "true" }),
    top: make("canvas", "hl-scatter-top", "", { tabindex: "0", role: "application" }),
    points: scatterMotion(new Float32Array(0), TRAVEL),
    marked: scatterMotion(new Float32Array(0), TRAVEL), // where the marks are
    camera: scatterMotion(Float64Array.of(0, 0, 1), GLIDE), // x, y, 1 / scale: so a place can stay where it is
    tiles: scatterTiles(),
    hovered: null,
    own: false, // whether it is pointed at in this map
    spoken: "", // what a screen reader says of it
    selected: [],
    mask: null, // 1 for each selected point, or null: none is
    lassoing: false, // whether dragging draws
    lasso: null, // the outline being drawn, [[x, y], …] in CSS pixels
    at, nearest, scene,
    tell: () => map.options.moved(map.view),
    redraw: (points) => frame.redraw(points),
    get view() { return { x: map.camera.now[0], y: map.camera.now[1], scale: 1 / map.camera.now[2] }; },
    get lens() { return views.lens(map.view, map.base.clientWidth, map.base.clientHeight); },
    get pictures() { return Boolean(frame.look?.shown); },
  };
  let extent = views.extent();
  let [grid, crowd, apart] = [scatterGrid(map.points.now), scatterCrowd(map.points.now), Infinity];

  // places from `links` and few selected ones are drawn above all others
  function scene() {
    const { codes, palette, wrong, thumbnail, links } = map.options;
    const raised = [...links.map(([, place]) => place), ...(map.selected.length <= FEW ? map.selected : [])];
    const { mask, tiles } = map;
    return { positions: map.points.now, apart, crowd, codes, palette, wrong, mask, raised, tiles, thumbnail };
  }

  function at(place, lens = map.lens) {
    return views.onScreen(lens, map.points.now[2 * place], map.points.now[2 * place + 1]);
  }

  function nearest(x, y, reach = 0) {
    const where = map.points.moving ? scatterGrid(map.points.now) : grid;
    const { lens } = map;
    const under = views.under(lens, x, y);
    const drawn = map.pictures ? frame.look.side / 2 + 3 : 0;
    return where.nearest(under.x, under.y, Math.max(REACH, reach, drawn) / lens.k);
  }

  function set(changes) {
    const { hovered, selected, view, fresh, ...rest } = changes;
    const before = map.options;
    map.options = { ...before, ...rest };
    const moved = rest.points && (fresh || !same(rest.points, before.points));
    if (rest.points && (fresh || rest.points.length !== before.points.length)) renew();
    if (moved || (rest.marks && rest.marks !== before.marks)) arrange(moved, before.marks);
    if (selected && !same(selected, map.selected)) acts.select(selected);
    if (hovered !== undefined && hovered !== map.hovered) Object.assign(map, { hovered, own: false, spoken: "" });
    if (view !== undefined) show(view ?? views.ALL);
    if ("thumbnail" in rest) map.tiles.forget();
    const restyled = ["codes", "palette", "wrong", "thumbnail", "links"].some((name) => name in rest && !same(rest[name], before[name]));
    map.redraw(Boolean(moved || restyled));
  }

  /** @param {unknown} value @returns {value is ArrayLike<unknown>} */
  const listed = (value) => Array.isArray(value) || ArrayBuffer.isView(value);
  /** Lists by what is in them, all else by identity. @param {unknown} a @param {unknown} b */
  function same(a, b) {
    if (!listed(a) || !listed(b)) return a === b;
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
    return true;
  }

  // Other pictures: places mean something else now.
  function renew() {
    [map.tiles, wants].forEach((part) => part.forget());
    Object.assign(map, { hovered: null, own: false, spoken: "", selected: [], mask: null });
    map.points.jump(new Float32Array(0));
  }

  // Move points and marks to where the options say. Marks alone leave the points where they are, if the map has room.
  function arrange(moved, earlier) {
    const { points, marks } = map.options;
    const spots = Float64Array.from(marks.flatMap(({ x, y }) => [x, y]));
    const outside = views.normalised(spots, extent).some((value) => Math.abs(value) > BEYOND);
    if (moved || outside || !points.length) {
      extent = views.extent(points, spots);
      map.points.move(views.normalised(points, extent));
      grid = scatterGrid(map.points.target);
      crowd = scatterCrowd(map.points.target);
      apart = grid.apart();
    }
    const target = views.normalised(spots, extent);
    const ids = (list) => list.map(({ id }) => id);
    if (!same(ids(marks), ids(earlier)) || !same(target, map.marked.target)) map.marked.move(target, starts(target, earlier));
    map.redraw();
  }

  // Where each mark sets out from: where the earlier one of its id is now, or its new place.
  function starts(target, earlier) {
    const found = target.slice();
    map.options.marks.forEach(({ id }, i) => {
      const from = earlier.findIndex((mark) => mark.id === id);
      if (from >= 0) found.set(map.marked.now.subarray(2 * from, 2 * from + 2), 2 * i);
    });
    return found;
  }

  // A view from outside. The one just told comes back when maps are linked, and must not stop a glide.
  function show(view) {
    const now = map.view;
    if (["x", "y", "scale"].every((name) => Math.abs(view[name] - now[name]) < SAME * now.scale)) return;
    map.camera.jump(Float64Array.of(view.x, view.y, 1 / view.scale));
    map.redraw();
  }

  const acts = Object.assign(map, scatterActs(map));
  const [tools, card, wants] = [scatterTools(map), scatterCard(map), scatterWants(map)];
  const [bar, box, heading] = [make("div", "hl-scatter-bar"), make("div", "hl-scatter-frame"), make("div", "hl-scatter-heading")];
  const [sentence, live] = [make("p", "hl-scatter-empty"), make("p", "hl-spoken", "", { "aria-live": "polite" })];
  const hint = scatterHint();
  bar.append(heading, tools.node);
  box.append(map.base, map.top, sentence, hint.node, card.node);
  map.node.append(bar, box, live);
  const frame = scatterFrame(map, { card, wants, tools, sentence, live });
  const pointer = scatterPointer(map, hint.show);
  scatterKeys(map, pointer.cancel);
  set(options);

  function destroy() {
    [frame, wants, pointer, hint].forEach((part) => part.stop());
    map.node.remove();
  }

  return {
    node: map.node, heading, set, at, nearest, destroy,
    fit: map.fit,
    draw: () => map.redraw(),
    png: (about) => exports.png(map, about),
    svg: (about) => svgs.svg(map, about),
    get view() { return map.view; },
    get hovered() { return map.hovered; },
    get selected() { return [...map.selected]; },
    get pictures() { return map.pictures; },
    get moving() { return [map.points, map.marked, map.camera].some((motion) => motion.moving); },
  };
}
