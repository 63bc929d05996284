// A tab that asks Python over hidden lines (tabs/lines.py): its state, what redraws when that changes, and the lines.
//
// A question carries all it needs, so Python keeps nothing of a person. Of each line's answers only the one to its newest
// question counts.

headlight.tab = (name, state, { asks, start, failed }) => {
  const drawers = new Set(); // called when anything changed
  const hearers = {}; // line → what to do with its answer
  const links = {};
  const serials = {};
  const extras = {}; // what a line's newest question adds
  let due = false;

  function redraw() {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      drawers.forEach((draw) => draw());
    });
  }

  function set(changes) {
    Object.assign(state, changes);
    redraw();
  }

  const question = (line) => ({ serial: serials[line], ...asks(), ...extras[line] });

  function ask(line, extra = {}) {
    serials[line] = (serials[line] ?? 0) + 1;
    extras[line] = extra;
    links[line]?.trigger("ask");
  }

  // Stop a line's slow work; what it still says does not count.
  function cancel(line) {
    serials[line] = (serials[line] ?? 0) + 1;
    links[line]?.trigger("cancel");
  }

  function hear(line, value) {
    if (value.serial !== serials[line]) return;
    hearers[line](value);
    redraw();
  }

  function lost(line) {
    failed(line, "The question got lost on the way. Try again in a moment.");
    redraw();
  }

  // The first question goes out when all lines are there.
  headlight.widgets[`${name}_line`] = (_element, { line }, link) => {
    const first = !links[line];
    links[line] = link;
    link.watch("value", () => hear(line, link.props.value || {}));
    if (first && Object.keys(hearers).every((each) => links[each])) setTimeout(start, 0);
  };

  return { name, state, drawers, hearers, redraw, set, ask, cancel, question, failed: lost };
};
