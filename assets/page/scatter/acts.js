// What people do with a map, however they do it; the caller is told.

import * as views from "./view.js";

export function scatterActs(map) {

  // Move the view: at once, or in a glide that tells of every step.
  function turn(view, smoothly = false) {
    const target = Float64Array.of(view.x, view.y, 1 / view.scale);
    if (smoothly) map.camera.move(target);
    else {
      map.camera.jump(target);
      map.tell();
    }
    map.redraw();
  }

  function zoom(factor, spot = { x: map.lens.width / 2, y: map.lens.height / 2 }) {
    const [x, y, share] = map.camera.target; // several clicks in a row add up
    const view = { x, y, scale: 1 / share };
    const lens = views.lens(view, map.lens.width, map.lens.height);
    turn(views.zoomed(view, factor, views.under(lens, spot.x, spot.y)), true);
  }

  const fit = () => turn(views.ALL, true);

  // aloud: by keyboard, so that a screen reader says it.
  function point(place, aloud = false) {
    if (place === map.hovered && map.own === (place !== null) && !aloud) return;
    const changed = place !== map.hovered;
    Object.assign(map, { hovered: place, own: place !== null, spoken: aloud ? words(place) : "" });
    if (changed) map.options.hover(place);
    map.redraw(false);
  }

  function words(place) {
    if (map.options.describe) return map.options.describe(place);
    const { title, lines } = map.options.card(place) ?? {};
    return [title, ...(lines ?? [])].filter(Boolean).join(", ");
  }

  function select(places) {
    map.selected = [...places];
    map.mask = places.length > 1 ? new Uint8Array(map.points.now.length / 2) : null; // one is marked; the others need not fade
    if (map.mask) for (const place of places) map.mask[place] = 1;
    map.redraw();
  }

  function pick(places) {
    if (!places.length && !map.selected.length) return;
    select(places);
    map.options.select([...places]);
  }

  function choose(place, adding = false) {
    if (!adding) {
      pick([place]);
      return map.options.choose(place);
    }
    const others = map.selected.filter((each) => each !== place);
    pick(others.length < map.selected.length ? others : [...others, place]);
  }

  function lassoMode(on = !map.lassoing) {
    map.lassoing = on;
    map.node.classList.toggle("hl-lassoing", on);
    map.redraw(false);
  }

  return { look: turn, zoom, fit, point, select, pick, choose, lassoMode };
}
