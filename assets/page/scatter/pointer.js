// Mouse, pen and fingers on a map: pointing, choosing, panning, pinching, the wheel, and the lasso.
//
// A wheel scrolls the page until the map has been clicked; from then on, while the focus stays, it moves the map. One
// finger up or down always scrolls the page, so that nobody is caught; sideways, or two, move the map. Ctrl or ⌘ with the wheel (and pinching on a touchpad, which comes as that) always zooms.

import * as lasso from "./lasso.js";
import * as views from "./view.js";

export function scatterPointer(map, hint) {
  const SLACK = { mouse: 4, pen: 6, touch: 9 }; // CSS pixels that a click may slip
  const [TICK, PINCH, LINE] = [0.0018, 0.005, 30]; // zoom a wheel pixel, the same with Ctrl; pixels of a wheel's line
  const [WAIT, DOUBLE] = [260, 400]; // ms a click on nothing waits for a second one, and that make two clicks a double one
  const { top } = map;
  const down = new Map(); // pointer → where it is now
  let gesture = null; // {kind: "press" | "pan" | "lasso" | "pinch", …}
  let clearing = 0;
  let last = { place: null, time: 0 }; // the click before

  function spot(event) {
    const box = top.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {{x: number, y: number}[]} both */
  const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) || 1 });

  function begin(kind, at) {
    gesture = { kind, at, view: map.view, held: views.under(map.lens, at.x, at.y) };
    if (kind === "lasso") map.lasso = [[at.x, at.y]];
    top.classList.toggle("hl-dragged", kind === "pan");
  }

  // The view in which the place held is under a spot.
  function held(scale, spot) {
    const { k } = views.lens({ x: 0, y: 0, scale }, map.lens.width, map.lens.height);
    const x = gesture.held.x - (spot.x - map.lens.width / 2) / k;
    const y = gesture.held.y + (spot.y - map.lens.height / 2) / k;
    map.look(views.kept({ x, y, scale }));
  }

  const moves = {
    press(at, event) {
      if (Math.hypot(at.x - gesture.at.x, at.y - gesture.at.y) <= (SLACK[event.pointerType] ?? 4)) return;
      map.point(null);
      begin(event.shiftKey || map.lassoing ? "lasso" : "pan", gesture.at);
      moves[gesture.kind](at);
    },
    pan: (at) => held(gesture.view.scale, at),
    lasso(at) {
      lasso.extended(map.lasso, at.x, at.y);
      map.redraw(false);
    },
    pinch() {
      const now = middle([...down.values()]);
      held(views.kept({ ...gesture.view, scale: gesture.view.scale * (now.apart / gesture.at.apart) }).scale, now);
    },
  };

  function point(event) {
    const at = spot(event);
    map.point(map.nearest(at.x, at.y));
  }

  function click(at, event) {
    const place = map.nearest(at.x, at.y, event.pointerType === "touch" ? 22 : 0);
    const adding = event.shiftKey || event.ctrlKey || event.metaKey;
    const second = place === last.place && event.timeStamp - last.time < DOUBLE;
    last = { place, time: event.timeStamp };
    clearTimeout(clearing);
    if (place !== null) {
      map.point(place);
      if (!second || adding) map.choose(place, adding);
    } else if (!adding) {
      map.point(null);
      clearing = setTimeout(() => map.pick([]), WAIT);
    }
  }

  function closeLasso(event) {
    const outline = map.lasso.map(([x, y]) => views.under(map.lens, x, y)).map(({ x, y }) => [x, y]);
    const found = lasso.inside(outline, map.points.now);
    const adding = event.ctrlKey || event.metaKey || (map.lassoing && event.shiftKey);
    map.pick(adding ? [...new Set([...map.selected, ...found])] : found);
  }

  function end(event) {
    if (!down.delete(event.pointerId)) return;
    const finished = gesture;
    if (event.type === "pointerup" && finished?.kind === "press") click(spot(event), event);
    if (event.type === "pointerup" && finished?.kind === "lasso" && map.lasso) closeLasso(event);
    // The finger that stays after a pinch goes on to pan.
    if (down.size === 1 && finished?.kind === "pinch") return begin("pan", [...down.values()][0]);
    top.classList.remove("hl-dragged");
    [gesture, map.lasso] = [null, null];
    map.redraw(false);
  }

  top.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    top.setPointerCapture(event.pointerId);
    down.set(event.pointerId, spot(event));
    if (down.size > 2) return;
    map.lasso = null;
    if (down.size === 2) begin("pinch", middle([...down.values()]));
    else begin("press", spot(event));
  });
  top.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) return event.pointerType === "touch" || point(event);
    down.set(event.pointerId, spot(event));
    if (gesture) moves[gesture.kind](spot(event), event);
  });
  top.addEventListener("pointerup", end);
  top.addEventListener("pointercancel", end);
  top.addEventListener("pointerleave", (event) => event.pointerType === "touch" || map.point(null));
  top.addEventListener("dblclick", (event) => {
    clearTimeout(clearing);
    const at = spot(event);
    const place = map.options.open && map.nearest(at.x, at.y);
    if (place !== null && map.options.open) map.options.open(place);
    else map.zoom(2, at);
  });

  top.addEventListener("wheel", (event) => {
    const pinching = event.ctrlKey || event.metaKey;
    if (!pinching && !top.matches(":focus")) return hint();
    const pixels = event.deltaY * (event.deltaMode ? LINE : 1);
    const factor = Math.exp(-Math.max(-240, Math.min(240, pixels)) * (pinching ? PINCH : TICK));
    const { x, y } = spot(event);
    const after = views.zoomed(map.view, factor, views.under(map.lens, x, y));
    if (after.scale === map.view.scale && !pinching) return; // zoomed out as far as it goes: the page may scroll again
    event.preventDefault();
    map.look(after);
  }, { passive: false });

  return { cancel: () => ([gesture, map.lasso] = [null, null]), stop: () => clearTimeout(clearing) };
}
