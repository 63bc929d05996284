// One model's column: its checkpoint, what it chooses from, its top five, its map with a colour bar, and the words.

headlight.widgets.column = (element, { family, title, checkpoints, names, template }, link) => {
  const { state, make, maps, wording, set, canvas: drawing } = headlight;
  const column = headlight.column(family, { title, model: checkpoints[0]?.name ?? "", names, template });
  headlight.connect(`look ${family}`, link, (value) => headlight.answered(family, value));

  const [classes, answers, bar] = [headlight.classes(column), headlight.answers(column), headlight.bar()];
  const notice = headlight.notice(column);
  const top = make("header", "hl-column-top");
  top.append(make("h2", "hl-column-title", title), headlight.checkpoint(column, checkpoints).node);
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
  figure.append(frame, bar.node, caption, reading, remarks, spoken);
  element.dataset.family = family;
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", title);
  element.append(top, classes.node, answers.node, figure);

  // What the canvas shows: its own answer's photo, or the new photo while the answer is on its way.
  function shown() {
    const picture = column.answer ? headlight.pictures.get(column.answer.photo) : state.photo;
    if (!picture || !state.photoThere || state.photoError) return null;
    return { picture, view: column.answer?.view || [0, 0, 1, 1], map: maps.current(column) };
  }

  function drawMap(now) {
    const { context, width, height } = drawing.sharpened(canvas);
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
    [what.textContent, which.textContent] = answer ? wording.title(column, now?.map) : ["", ""];
    caption.title = answer ? `${what.textContent}: ${which.textContent}` : "";
    remarks.textContent = remarks.title = answer ? wording.remarks(column, now?.map).join(" ") : "";
    const [text, live] = wording.reading(now);
    reading.textContent = text;
    reading.classList.toggle("hl-live", live);
    spoken.textContent = live && document.activeElement === canvas ? text : "";
    canvas.setAttribute("aria-label", wording.alt(column, now?.map));
  }

  function pin(place) {
    const now = shown();
    if (!column.answer || !now) return;
    const patch = (at) => at && now.map?.values && String(maps.patchAt(now.map, now.view, at));
    headlight.pin(state.point && patch(place) === patch(state.point) ? null : place);
  }

  const touch = () => state.touched !== family && set({ touched: family });
  drawing.listen(canvas, { shown, pin, touch, point: headlight.point });
  element.addEventListener("focusin", touch);
  new ResizeObserver(() => headlight.redraw()).observe(frame);

  function drawPointed(now = shown()) {
    drawMap(now);
    drawWords(now);
  }

  headlight.pointers.add(() => drawPointed());
  headlight.drawers.add(() => {
    const now = shown();
    element.classList.toggle("hl-busy", column.busy);
    classes.draw();
    answers.draw();
    bar.draw(now?.map);
    notice.draw(now);
    drawPointed(now);
  });
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && headlight.state.point) headlight.pin(null);
});
