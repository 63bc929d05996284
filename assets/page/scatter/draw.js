// The points of a map: dots when many are in sight; when fewer are, pictures in a coloured border, as many as there is room
// for, and dots for those that would lie under them.
//
// A look says how: {width, height (CSS pixels), lens, side (of a picture), radius (of a dot), places (in sight), shown
// (which of them as pictures: 1, or null: none)}; a scene what: {positions, apart, crowd (crowd.js), codes, palette,
// wrong, mask (null: nothing selected), raised (places drawn above all, top.js), tiles, thumbnail}.

import { number } from "./raster.js";

const SIDES = [20, 24, 28, 32, 40, 48, 56, 64]; // of a picture, CSS pixels; few, since each is scaled anew
const WHOLE = 48; // the largest while all is in sight: at the edge it is still whole
const [DOT, DOTS] = [1.4, 4]; // smallest and largest radius
const AMONG = 3; // largest radius of a dot among pictures
const ROOM = 0.65; // how far pictures are apart at least, in sides: they may overlap by a third
// Pictures come when at most so many points are in sight, so far apart in the mean; they go a little later, so as not to
// flicker.
const COME = { most: 3000, apart: 13 };
const GO = { most: 3400, apart: 11 };

function recognisable(before, count, width, height) {
  const { most, apart } = before ? GO : COME;
  return count <= most && Math.sqrt((width * height) / Math.max(1, count)) >= apart;
}

// Pictures grow once those in a crowd no longer cover each other; dots with the room that all have.
function sizes({ positions, apart }, { k, width, height }, scale) {
  const side = SIDES.findLast((each) => each <= Math.min(apart * k, WHOLE * scale)) ?? SIDES[0];
  const mean = Math.min(width, height) / Math.sqrt(Math.max(1, positions.length / 2));
  return { side, radius: Math.min(DOTS, Math.max(DOT, 0.3 * mean * Math.sqrt(scale))) };
}

// before: whether pictures were drawn last time.
function look(scene, lens, scale, before) {
  const { positions } = scene;
  const { k, left, top, width, height } = lens;
  const { side, radius } = sizes(scene, lens, scale);
  const found = new Uint32Array(positions.length / 2);
  const margin = side / 2 + 8;
  let [count, inside] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    const [x, y] = [left + k * positions[2 * i], top - k * positions[2 * i + 1]];
    if (!(x > -margin && y > -margin && x < width + margin && y < height + margin)) continue; // nor what is not a number
    found[count++] = i;
    if (x >= 0 && y >= 0 && x <= width && y <= height) inside++;
  }
  const places = found.subarray(0, count);
  const pictures = Boolean(scene.thumbnail) && recognisable(before, inside, width, height);
  const shown = pictures ? Uint8Array.from(places, scene.crowd.room((ROOM * side) / k)) : null;
  return { width, height, lens, side, radius: pictures ? Math.min(AMONG, radius) : radius, places, shown };
}

// draw(place, x, y, pale, shown) for every point in sight: in the order of the data, but dots before pictures, and the
// selected after all others.
function each({ places, shown, lens }, { positions, mask }, draw) {
  const { k, left, top } = lens;
  const pass = (pale, large) => {
    for (let i = 0; i < places.length; i++) {
      const place = places[i];
      if ((mask && !mask[place] !== pale) || (shown && Boolean(shown[i]) !== large)) continue;
      draw(place, left + k * positions[2 * place], top - k * positions[2 * place + 1], pale, large);
    }
  };
  for (const pale of mask ? [true, false] : [false]) {
    pass(pale, false);
    if (shown) pass(pale, true);
  }
}

// Radii of a dot and of a cross (which looks smaller), and what is added to set larger ones off from those below.
const radii = (radius) => ({ disc: radius, cross: Math.max(2.6, 1.35 * radius), rim: radius < 2.5 ? 0 : 0.75 });
const border = (side) => (side < 40 ? 2 : 3);

function dotter(raster, { radius }, { wrong }, card, ratio) {
  const { disc, cross, rim } = radii(radius);
  const stamps = [raster.stamp("disc", disc * ratio), raster.stamp("cross", cross * ratio)];
  const below = [raster.stamp("disc", (disc + rim) * ratio), raster.stamp("cross", (cross + 2 * rim) * ratio)];
  return (place, x, y, colour) => {
    const [left, top, kind] = [Math.round(x * ratio), Math.round(y * ratio), wrong?.[place] ? 1 : 0];
    if (rim) raster.put(left, top, below[kind], card);
    raster.put(left, top, stamps[kind], colour);
  };
}

function framer(raster, look, { wrong, tiles }, { card, well, ink, faded }, ratio) {
  const side = Math.round(look.side * ratio);
  const [edge, rim] = [Math.round(border(look.side) * ratio), Math.round(ratio)];
  const badge = [raster.stamp("disc", 5 * ratio), raster.stamp("cross", 3.6 * ratio)];
  return (place, x, y, colour, pale) => {
    const tile = tiles.get(place, pale);
    const [w, h] = tile ? [tile.w, tile.h] : [side, side];
    const [left, top] = [Math.round(x * ratio - w / 2), Math.round(y * ratio - h / 2)];
    const around = (by, shade) => raster.box(left - by, top - by, w + 2 * by, h + 2 * by, shade);
    around(edge + rim, card);
    around(edge, colour);
    if (tile) raster.picture(left, top, w, h, tile.pixels);
    else around(0, well);
    if (!wrong?.[place]) return;
    raster.put(left + w, top, badge[0], card);
    raster.put(left + w, top, badge[1], pale ? faded : ink);
  };
}

// Returns the places in sight that have no picture yet and should.
function paint(raster, look, scene, colours, ratio) {
  const [card, well, ink, faded] = [colours.card, colours.well, colours.ink, colours.faded].map(number);
  const shades = { card, well, ink, faded };
  const palette = scene.palette.map(number);
  const large = look.shown ? look.places.filter((_, i) => look.shown[i]) : [];
  const above = look.shown ? scene.raised.filter((place) => !scene.thumbnail(place)) : [];
  const missing = scene.tiles.ready(large, Math.round(look.side * ratio), shades.card, scene.thumbnail);
  const dot = dotter(raster, look, scene, shades.card, ratio);
  const picture = framer(raster, look, scene, shades, ratio);
  raster.fill(shades.card);
  each(look, scene, (place, x, y, pale, shown) => {
    const colour = pale ? shades.faded : palette[scene.codes[place]] ?? shades.faded;
    if (shown) picture(place, x, y, colour, pale);
    else dot(place, x, y, colour);
  });
  return [...new Set([...above, ...missing])];
}

export { look, each, paint, radii, border, recognisable };
