// A tab that asks Python over hidden lines (tabs/wiring/lines.py): its state, what redraws when that changes, and the lines.
//
// A question carries all it needs, so Python keeps nothing of a person. Of each line's answers only the one to its newest
// question counts.

headlight.tab = (name, state, { asks, start, failed }) => {
  const drawers = new Set(); // called when anything changed
  const hearers = {}; // line → what to do with its answer
  const links = {};
  const serials = {};
  const extras = {}; // what a line's newest question adds
  const going = {}; // line → whether Python is known to be at work on its newest question
  const stopped = new Set(); // lines whose work was stopped, until they are heard again
  const ended = {}; // line → the number of the last question that was answered to the end
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
    going[line] = false;
    links[line]?.trigger("ask");
  }

  // Stop a line's slow work; what it still says does not count. Before its first word Gradio cannot name the work to stop.
  function cancel(line) {
    serials[line] = (serials[line] ?? 0) + 1;
    if (going[line]) {
      stopped.add(line);
      links[line].trigger("cancel");
    }
    going[line] = false;
  }

  // The end of slow work comes twice: as its last word, and as its answer.
  function hear(line, value) {
    if (value.serial !== serials[line] || value.serial === ended[line]) return;
    going[line] = value.doing !== undefined;
    stopped.delete(line);
    if (!going[line]) ended[line] = value.serial;
    hearers[line](value);
    redraw();
  }

  // Gradio calls stopped work failed, and says so twice.
  function lost(line) {
    if (stopped.has(line)) return;
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
