// A map as it is seen, on white, with its title, legend and caption, as PNG.

import * as drawer from "./draw.js";
import * as rasters from "./raster.js";
import * as sheets from "./sheet.js";
import { scatterTiles } from "./tiles.js";
import * as tops from "./top.js";
import * as views from "./view.js";

const PAPER = { card: "#ffffff", well: "#efefeb", ink: "#1b1d1f", quiet: "#55595e", line: "#dededa", faded: "#cfd0cc" };
const WIDTH = 720; // CSS pixels
const SHARP = 2; // pixels of the PNG to one of those

// The view on the screen in a box of w × h: {look, scene}. Tiles of its own, since they are of another size; a picture that
// is not there yet is a dot.
function sceneOf(map, { w, h }) {
  const lens = views.lens(map.view, w, h);
  const scene = { ...map.scene(), tiles: scatterTiles() };
  const look = drawer.look(scene, lens, map.view.scale, map.pictures);
  look.shown = look.shown?.map((shown, i) => (shown && scene.thumbnail(look.places[i]) ? 1 : 0)) ?? null;
  return { scene, look };
}

function drawn(map, box, ratio) {
  const { look, scene } = sceneOf(map, box);
  const raster = rasters.raster(Math.round(box.w * ratio), Math.round(box.h * ratio));
  const canvas = new OffscreenCanvas(raster.width, raster.height);
  const context = canvas.getContext("2d");
  drawer.paint(raster, look, scene, PAPER, ratio);
  raster.show(context);
  context.scale(ratio, ratio);
  tops.paint(context, map, look, PAPER, false);
  return canvas;
}

// Where everything stands; the map keeps its proportions.
function sheet(map, about) {
  const { width, height } = map.lens;
  return sheets.laid(about.width ?? WIDTH, width && height ? height / width : 1, about);
}

function swatch(context, { colour, wrong, x, y }) {
  context.beginPath();
  if (wrong) {
    for (const [dx, dy] of [[4, 4], [4, -4]]) {
      context.moveTo(x - dx, y - dy);
      context.lineTo(x + dx, y + dy);
    }
    context.lineWidth = 3;
    context.strokeStyle = colour;
    return context.stroke();
  }
  context.arc(x, y, 5, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

function png(map, about = {}) {
  const { texts, swatches, map: box, width, height } = sheet(map, about);
  const canvas = new OffscreenCanvas(SHARP * width, SHARP * height);
  const context = canvas.getContext("2d");
  context.scale(SHARP, SHARP);
  context.fillStyle = PAPER.card;
  context.fillRect(0, 0, width, height);
  context.drawImage(drawn(map, box, SHARP), box.x, box.y, box.w, box.h);
  context.strokeStyle = PAPER.line;
  context.strokeRect(box.x, box.y, box.w, box.h);
  swatches.forEach((each) => swatch(context, each));
  for (const { text, x: left, y: base, quiet, ...style } of texts) {
    context.font = sheets.font(style);
    context.fillStyle = quiet ? PAPER.quiet : PAPER.ink;
    context.fillText(text, left, base);
  }
  return canvas.convertToBlob({ type: "image/png" });
}

export { png, sceneOf, sheet, PAPER };
