// The card beside the point pointed at: a larger picture and its facts.

import * as tiles from "./tile.js";
import { make } from "../shared/make.js";

export function scatterCard(map) {
  const [SHARE, SMALLEST, LARGEST] = [0.34, 72, 160]; // of the map's smaller side that the picture takes; CSS pixels
  const [GAP, EDGE] = [8, 4]; // between point and card, card and edge
  const node = make("div", "hl-scatter-card", "", { "aria-hidden": "true" });
  const [canvas, image, title, facts] = [make("canvas"), make("img", "", "", { alt: "" }), make("strong"), make("div")];
  node.append(canvas, image, title, facts);
  node.hidden = true;
  let shown = ""; // what the card is filled with

  function preview(tile, side) {
    const [w, h] = tiles.fitted(tile, side);
    const ratio = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(w * ratio), Math.round(h * ratio)];
    [canvas.style.width, canvas.style.height] = [`${w}px`, `${h}px`];
    tiles.paint(canvas.getContext("2d"), tile, 0, 0, canvas.width, canvas.height);
  }

  // Filled again only where something is new: the caller may know more of a point later.
  function fill(place, side) {
    const { title: name = "", lines = [], src = "", tile = map.options.thumbnail?.(place) } = map.options.card(place) ?? {};
    const key = [place, side, Boolean(tile), src, name, ...lines].join("\n");
    if (key === shown) return;
    shown = key;
    node.style.setProperty("--side", `${side}px`);
    node.classList.toggle("hl-bare", !tile && !src);
    [canvas.hidden, image.hidden] = [!tile, true];
    if (tile) preview(tile, side);
    if (src) image.src = src;
    else image.removeAttribute("src");
    title.textContent = name;
    facts.replaceChildren(...lines.map((line) => make("span", "", line)));
    if (src && image.complete && image.naturalWidth) larger();
  }

  // The thumbnail stands in until the larger picture has come.
  function larger() {
    [image.hidden, canvas.hidden] = [false, true];
    map.redraw(false);
  }
  image.addEventListener("load", larger);

  // Above the point, or else below or beside it: where it fits, never over the point.
  function stand({ x, y }, reach, width, height) {
    const [w, h] = [node.offsetWidth, node.offsetHeight];
    const away = reach + GAP;
    const rooms = [
      [y - away - h, x - w / 2, y - away - h],
      [height - y - away - h, x - w / 2, y + away],
      [width - x - away - w, x + away, y - h / 2],
      [x - away - w, x - away - w, y - h / 2],
    ];
    const [, left, top] = rooms.find(([room]) => room >= EDGE) ?? rooms.reduce((a, b) => (b[0] > a[0] ? b : a));
    const within = (value, most) => Math.round(Math.max(EDGE, Math.min(most - EDGE, value)));
    node.style.transform = `translate(${within(left, width - w)}px, ${within(top, height - h)}px)`;
  }

  // at: where the point is, or null; reach: how far what is drawn there extends. CSS pixels.
  function draw(place, at, reach, width, height) {
    node.hidden = place === null || !at;
    if (node.hidden) return;
    fill(place, Math.round(Math.min(LARGEST, Math.max(SMALLEST, SHARE * Math.min(width, height)))));
    stand(at, reach, width, height);
  }

  return { node, draw };
}
