// One model's column: its checkpoint, what it chooses from, its top five, its map with a colour bar, and the words.

import { answerList } from "./answers.js";
import { checkpoint } from "./checkpoint.js";
import { classChoice } from "./classes.js";
import { noticeOver } from "./notice.js";
import { seenBy } from "./seen.js";
import * as drawing from "../shared/canvas.js";
import { colourBar } from "../shared/colour-bar.js";
import { make } from "../shared/make.js";
import { sharpened } from "../shared/sharpened.js";
import * as maps from "../shared/maps.js";
import * as chosen from "./maps.js";
import * as words from "./words.js";
import { drawers, pictures, pin, point, pointers, redraw, set, state } from "./state.js";

export function column(element, { family }) {
  const column = state.columns[family];
  const { title } = column;
  const [models, classes, answers, bar] = [checkpoint(column), classChoice(column), answerList(column), colourBar()];
  const [notice, seen] = [noticeOver(column), seenBy(column)];
  const top = make("header", "hl-column-top");
  top.append(make("h2", "hl-column-title", title), models.node);
  const figure = make("figure", "hl-figure");
  const frame = make("div", "hl-frame");
  // An application, not an image, for screen readers to let the arrow keys through; its label says what it shows.
  const canvas = make("canvas", "hl-canvas", "", { tabindex: "0", role: "application" });
  const [caption, what, which] = [make("figcaption", "hl-caption"), make("strong"), make("span")];
  const reading = make("p", "hl-reading");
  const spoken = make("p", "hl-spoken", "", { "aria-live": "polite" });
  const remarks = make("p", "hl-remarks");
  caption.append(what, which);
  frame.append(canvas, notice.node);
  figure.append(frame, bar.node, caption, reading, remarks, spoken, seen.node);
  element.dataset.family = family;
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", title);
  element.append(top, classes.node, answers.node, figure);

  // What the canvas shows: its own answer's photo, or the new photo while the answer is on its way.
  function shown() {
    const picture = column.answer ? pictures.get(column.answer.photo) : state.photo;
    if (!picture || !state.photoThere || state.photoError) return null;
    return { picture, view: column.answer?.view || [0, 0, 1, 1], map: chosen.current(column) };
  }

  function drawMap(now) {
    const { context, width, height } = sharpened(canvas);
    if (!now) return;
    const { picture, map, view } = now;
    const box = drawing.frame(picture, width, height);
    drawing.paint(context, box, picture, map, view, state.opacity);
    for (const [place, pinned] of [[state.point, true], [state.hover, false]]) {
      const at = place && map?.values && maps.patchAt(map, view, place);
      if (at) drawing.outline(context, box, map, view, at, pinned);
    }
  }

  function drawWords(now) {
    const { answer } = column;
    [what.textContent, which.textContent] = answer ? words.title(column, now?.map) : ["", ""];
    caption.title = answer ? `${what.textContent}: ${which.textContent}` : "";
    remarks.textContent = remarks.title = answer ? words.remarks(column, now?.map).join(" ") : "";
    const [text, live] = words.reading(now);
    reading.textContent = text;
    reading.classList.toggle("hl-live", live);
    spoken.textContent = live && document.activeElement === canvas ? text : "";
    canvas.setAttribute("aria-label", words.alt(column, now?.map));
  }

  function toggle(place) {
    const now = shown();
    if (!column.answer || !now) return;
    const patch = (at) => at && now.map?.values && String(maps.patchAt(now.map, now.view, at));
    pin(state.point && patch(place) === patch(state.point) ? null : place);
  }

  const touch = () => state.touched !== family && set({ touched: family });
  drawing.listen(canvas, { shown, hovered: () => state.hover, pin: toggle, touch, point });
  element.addEventListener("focusin", touch);
  new ResizeObserver(redraw).observe(frame);

  function drawPointed(now = shown()) {
    drawMap(now);
    drawWords(now);
  }

  pointers.add(() => drawPointed());
  drawers.add(() => {
    const now = shown();
    element.classList.toggle("hl-busy", column.busy);
    models.draw();
    classes.draw();
    answers.draw();
    bar.draw(now?.map);
    notice.draw(now);
    seen.draw();
    drawPointed(now);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.point) pin(null);
});
