// When a map is drawn: once a frame at most, and its points only when they changed.

import * as drawer from "./draw.js";
import * as rasters from "./raster.js";
import * as tops from "./top.js";
import { sharpened } from "../shared/sharpened.js";
import { schedule, unschedule } from "../shared/frame.js";

export function scatterFrame(map, { card, wants, tools, sentence, live }) {
  const { base, top } = map;
  const NAMES = ["card", "well", "ink", "quiet", "line", "faded"]; // of the page's colours
  let [stale, raster, look] = [true, null, null];

  function redraw(points = true) {
    stale ||= points;
    schedule(step);
  }

  function step(time) {
    const [went, gone, turned] = [map.points, map.marked, map.camera].map((motion) => motion.step(time));
    if (turned) map.tell();
    if (base.clientWidth && base.clientHeight) draw(went || turned);
    if (went || gone || turned) redraw(false);
  }

  function draw(moved) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [base.clientWidth, base.clientHeight].map((side) => Math.round(side * ratio));
    const colours = shades();
    if (raster?.width !== width || raster?.height !== height) {
      raster = rasters.raster(width, height);
      [base.width, base.height] = [width, height];
      stale = true;
    }
    if (stale || moved) drawPoints(colours, ratio);
    stale = false;
    drawTop(colours);
  }

  function drawPoints(colours, ratio) {
    look = drawer.look(map.scene(), map.lens, map.view.scale, Boolean(look?.shown));
    const missing = drawer.paint(raster, look, map.scene(), colours, ratio);
    raster.show(base.getContext("2d"));
    wants.notice(missing);
    sentence.textContent = map.points.now.length ? "" : map.options.empty;
  }

  function drawTop(colours) {
    const { context, width, height } = sharpened(top);
    tops.paint(context, map, look, colours, true);
    const at = map.hovered === null || map.lasso ? null : map.at(map.hovered);
    const inside = at && at.x >= 0 && at.y >= 0 && at.x <= width && at.y <= height;
    const reach = look.shown ? 0.6 * look.side + 5 : look.radius + 7;
    card.draw(map.own && inside ? map.hovered : null, at, reach, width, height);
    top.classList.toggle("hl-pointed", map.own && !map.lassoing);
    top.setAttribute("aria-label", map.options.label);
    live.textContent = map.spoken;
    tools.draw();
  }

  function shades() {
    const style = getComputedStyle(map.node);
    return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--hl-${name}`).trim() || "#888888"]));
  }

  const resized = new ResizeObserver(() => redraw());
  const themed = new MutationObserver(() => redraw());
  resized.observe(base);
  for (const root of [document.documentElement, document.body]) themed.observe(root, { attributeFilter: ["class"] });

  function stop() {
    [resized, themed].forEach((observer) => observer.disconnect());
    unschedule(step);
  }

  return { redraw, stop, get look() { return look; } };
}
