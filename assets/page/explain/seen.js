// What a model sees: the photo with its own square marked, and beside it that square at the pixels it gets.

import * as drawing from "../shared/canvas.js";
import { make } from "../shared/make.js";
import { sharpened } from "../shared/sharpened.js";
import { pictures, set, state } from "./state.js";

export function seenBy(column) {
  const node = make("div", "hl-seen");
  const act = make("button", "hl-button", "What the model sees", { type: "button" });
  const [panel, photo, square] = [make("div", "hl-seen-pair"), make("canvas"), make("img", "", "", { alt: "" })];
  const words = make("p", "hl-hint");
  photo.setAttribute("role", "img");
  panel.append(photo, square);
  node.append(act, panel, words);
  act.addEventListener("click", () => set({ seen: !state.seen }));

  function size() {
    const [rows, cols] = column.answer.attention[0].shape.slice(-2);
    const [width, height] = [square.naturalWidth, square.naturalHeight];
    const patch = Number.isInteger(width / cols) ? ` of ${width / cols} × ${height / rows} pixels` : "";
    return `${width} × ${height} pixels, cut into ${cols} × ${rows} patches${patch}.`;
  }

  function mark({ picture, view }) {
    const { context, width, height } = sharpened(photo);
    const box = drawing.frame(picture, width, height);
    drawing.paint(context, box, picture, null, view, 0);
    const { x, y, w, h } = drawing.inside(box, view);
    context.strokeStyle = getComputedStyle(node).getPropertyValue("--family");
    context.lineWidth = 3;
    context.strokeRect(x + 1.5, y + 1.5, w - 3, h - 3);
  }

  function draw() {
    const { answer } = column;
    const picture = answer && pictures.get(answer.photo);
    act.disabled = !answer?.seen;
    act.setAttribute("aria-expanded", String(state.seen));
    panel.hidden = words.hidden = !state.seen || !picture || !answer.seen;
    if (panel.hidden) return;
    if (square.src !== answer.seen) {
      square.src = answer.seen;
      square.onload = draw;
    }
    const [left, top, right, bottom] = answer.view;
    const cut = left > 0 || top > 0 || right < 1 || bottom < 1;
    photo.setAttribute("aria-label", `The photo, and the part of it that ${column.title} sees`);
    square.alt = `That part as ${column.title} gets it`;
    mark({ picture, view: answer.view });
    const how = cut ? "The middle of the photo" : picture.width === picture.height ? "The whole photo" : "The whole photo, squeezed into a square";
    words.textContent = square.complete ? `${how}: ${size()}` : "";
  }

  return { node, draw };
}
