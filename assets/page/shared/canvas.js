// A map over its photo on a canvas, and what pointing, touching and arrow keys do to it.

import { greyed, patches } from "./colour.js";
import * as maps from "./maps.js";
import { settings } from "./settings.js";

const SMALL = 272; // pixels on the longer side of the copy that small maps are painted with

// An image as it is painted from: in colour and in grey, large and small.
function picture(image) {
  const longest = Math.max(image.naturalWidth, image.naturalHeight);
  const [large, small] = [longest, Math.min(SMALL, longest)].map((side) => {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round((image.naturalWidth * side) / longest));
    canvas.height = Math.max(1, Math.round((image.naturalHeight * side) / longest));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return { colour: canvas, grey: greyed(canvas) };
  });
  return { large, small };
}

// Where the photo lies in a width × height box: whole, centred.
function frame(picture, width, height) {
  const scale = Math.min(width / picture.width, height / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  return { x: (width - w) / 2, y: (height - h) / 2, w, h };
}

function inside(box, view) {
  return {
    x: box.x + view[0] * box.w,
    y: box.y + view[1] * box.h,
    w: (view[2] - view[0]) * box.w,
    h: (view[3] - view[1]) * box.h,
  };
}

// Paint picture and map into a box of a context. map may be null.
function paint(context, box, picture, map, view, opacity) {
  const { colour, grey } = box.w * (window.devicePixelRatio || 1) > SMALL ? picture.large : picture.small;
  context.imageSmoothingEnabled = true;
  context.drawImage(colour, box.x, box.y, box.w, box.h);
  if (!map?.values) return;
  const crop = inside(box, view);
  context.save();
  context.beginPath();
  context.rect(box.x, box.y, box.w, box.h);
  context.rect(crop.x, crop.y, crop.w, crop.h);
  context.clip("evenodd");
  context.fillStyle = `rgb(0 0 0 / ${1 - settings.outside})`;
  context.fillRect(box.x, box.y, box.w, box.h);
  context.restore();
  context.save();
  context.beginPath();
  context.rect(crop.x, crop.y, crop.w, crop.h);
  context.clip();
  context.globalAlpha = Math.min(1, opacity * 1.5);
  context.drawImage(grey, box.x, box.y, box.w, box.h);
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = false;
  context.drawImage(patches(map), crop.x, crop.y, crop.w, crop.h);
  context.restore();
}

function outline(context, box, map, view, at, pinned) {
  const crop = inside(box, view);
  const [w, h] = [crop.w / map.cols, crop.h / map.rows];
  const cell = [crop.x + at[1] * w, crop.y + at[0] * h, w, h];
  context.lineJoin = "round";
  for (const [width, colour] of pinned ? [[5, "#000"], [2.5, "#fff"]] : [[3, "#0009"], [1.5, "#fff"]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.strokeRect(...cell);
  }
}

/**
 * Pointer and keys on a canvas → places in the photo.
 * @param {HTMLCanvasElement} canvas
 * @param {{
 *   shown: () => {picture: {width: number, height: number}, map: import("./maps.js").MapOrReason | null, view: maps.View} | null,
 *   hovered: () => maps.Place | null, point: (place: maps.Place | null) => void, pin?: (place: maps.Place) => void,
 *   touch?: () => void,
 * }} told  hovered: the place pointed at
 */
function listen(canvas, { shown, hovered, point, pin = () => {}, touch = () => {} }) {
  function place(event) {
    const now = shown();
    if (!now) return null;
    const bounds = canvas.getBoundingClientRect();
    const box = frame(now.picture, bounds.width, bounds.height);
    const x = (event.clientX - bounds.left - box.x) / box.w;
    const y = (event.clientY - bounds.top - box.y) / box.h;
    return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? { x, y } : null;
  }
  canvas.addEventListener("pointermove", (event) => point(place(event)));
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("pointerdown", touch);
  canvas.addEventListener("focus", touch);
  canvas.addEventListener("blur", () => point(null));
  canvas.addEventListener("click", (event) => {
    const at = place(event);
    if (at) pin(at);
  });
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  canvas.addEventListener("keydown", (event) => {
    const now = shown();
    if (!now?.map?.values) return;
    const { map, view } = now;
    const hover = hovered();
    const at = hover && maps.patchAt(map, view, hover);
    if (STEPS[event.key]) {
      const [down, right] = at ? STEPS[event.key] : [0, 0];
      const [row, col] = at || [Math.floor(map.rows / 2), Math.floor(map.cols / 2)];
      const clamp = (value, sides) => Math.min(sides - 1, Math.max(0, value));
      point(maps.placeOf(map, view, [clamp(row + down, map.rows), clamp(col + right, map.cols)]));
    } else if ((event.key === "Enter" || event.key === " ") && at) {
      pin(maps.placeOf(map, view, at));
    } else return;
    event.preventDefault();
  });
}

export { picture, frame, inside, paint, outline, listen };
