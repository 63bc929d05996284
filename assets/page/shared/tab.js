// A tab that asks Python over hidden lines (tabs/wiring/lines.py): its state, what redraws when that changes, and the lines.
//
// A question carries all it needs, so Python keeps nothing of a person.

headlight.tab = (name, state, { asks, start, failed }) => {
  const drawers = new Set(); // called when anything changed
  const hearers = {}; // line → what to do with its answer
  const lines = {}; // line → a headlight.line
  const extras = {}; // what a line's newest question adds
  let due = false;

  const line = (key) => (lines[key] ??= headlight.line(`${name} ${key}`));
  const cancel = (key) => line(key).cancel();
  const question = (key) => ({ ...line(key).question(), ...asks(), ...extras[key] });
  const wanted = (key) => line(key).wanted();

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

  function ask(key, extra = {}) {
    extras[key] = extra;
    line(key).ask();
  }

  function hear(key, value) {
    if (!line(key).hears(value, value.doing !== undefined)) return;
    hearers[key](value);
    redraw();
  }

  function lost(key) {
    if (!line(key).fails()) return;
    failed(key, "The question got lost on the way. Try again in a moment.");
    redraw();
  }

  // The first question goes out when all lines are there.
  headlight.widgets[`${name}_line`] = (_element, { line: key }, link) => {
    const first = !line(key).joined;
    line(key).join(link);
    link.watch("value", () => hear(key, link.props.value || {}));
    if (first && Object.keys(hearers).every((each) => line(each).joined)) setTimeout(start, 0);
  };

  return { name, state, drawers, hearers, redraw, set, ask, cancel, question, wanted, failed: lost };
};
