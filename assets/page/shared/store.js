// What the page knows, and its line to Python. Everything else draws from `state` and changes it through `set`.
//
// A question goes out as an event of a Gradio component and its answer comes back as that component's value
// (tabs/wiring/widget.py). Every question of a column has a serial number; only the answer to the newest one counts.

window.headlight = (() => {
  const FAMILIES = ["vit", "swin", "clip"];
  const PATIENCE = 350; // ms after the last key before typed words are asked about

  const state = {
    photo: null, // one of `pictures`, the photo now, once Python has sent it
    photoThere: false, // whether one is chosen at all
    photoError: "",
    method: "attention",
    before: "", // the method there was when a patch was pinned
    depth: 1, // 0 = first layer, 1 = last
    head: 0, // 0 = mean of heads, 1 = the first head
    opacity: 0.65,
    ownScale: false, // stretch each map by itself instead of one scale for all heads and layers of a model
    target: null, // null = each model's own answer, or {name, family, index}
    point: null, // the pinned place, {x, y} as fractions of the photo
    hover: null, // the place pointed at, the same
    touched: "vit", // the column whose heads and layers are laid out below
    columns: {},
  };
  const pictures = new Map(); // photo key → {width, height, large, small}, the last few
  let asked = 0; // counts answers, to tell one from another
  const methods = {}; // key → what is told of a method beside its choice, once that is drawn
  const widgets = {};
  const links = {}; // "look vit" → {trigger, props, watch}
  const slowLines = {}; // family → the headlight.line of its slow method
  const page = [...crypto.getRandomValues(new Uint32Array(4))].join("-"); // one open page's own name, which nobody can guess
  const drawers = new Set(); // called when anything changed
  const pointers = new Set(); // those of them that show what is pointed at, called alone when only that changed
  let due = null;

  function redraw(which = drawers) {
    if (!due) {
      requestAnimationFrame(() => {
        const drawing = due;
        due = null;
        drawing.forEach((draw) => draw());
      });
    }
    if (due !== drawers) due = which;
  }

  function set(changes) {
    Object.assign(state, changes);
    redraw();
  }

  function point(place) {
    state.hover = place;
    redraw(pointers);
  }

  // Called by tabs/wiring/widget.py for every element of the page.
  function mount(name, element, options, events, link) {
    widgets[name](element, options, link);
    redraw();
  }

  function connect(name, link, hear) {
    links[name] = link;
    link.watch("value", () => hear(link.props.value || {}));
  }

  const slowLine = (family) => (slowLines[family] ??= headlight.line(`slow ${family}`));

  function column(family, asking) {
    state.columns[family] = {
      family,
      ...asking, // model, names, template, title
      serial: 0,
      busy: false,
      error: "",
      answer: null, // the last answer, with its maps decoded
      point: null, // attention from the pinned patch: {layers, error}
      pointSerial: 0,
      slow: null, // a method that runs the model again: {method, state, done, map, note, error}
      answered: "", // the checkpoint that answered last, so that it is loaded
    };
    return state.columns[family];
  }

  // What Python reads as the second input of an event (tabs/explain/questions.py).
  function question(kind, family) {
    const column = state.columns[family];
    const { target, point } = state;
    return {
      ...(kind === "slow" ? slowLine(family).question() : { serial: { look: column.serial, point: column.pointSerial }[kind] }),
      model: column.model,
      names: column.names,
      template: column.template,
      target: target && (target.family === family ? target.index : target.name),
      point: kind === "point" && point ? [point.x, point.y] : null,
      method: kind === "slow" ? (column.slow?.method ?? "") : "",
      held: column.answer ? column.answer.base : "",
    };
  }

  function ask(family) {
    const column = state.columns[family];
    column.serial += 1;
    column.busy = state.photoThere;
    column.error = "";
    dropSlow(column);
    links[`look ${family}`].trigger("ask");
    redraw();
  }

  const timers = {};
  function askSoon(family) {
    clearTimeout(timers[family]);
    timers[family] = setTimeout(() => ask(family), PATIENCE);
  }

  function answered(family, value) {
    const column = state.columns[family];
    if (value.serial !== column.serial) return;
    column.busy = false;
    column.error = value.error || "";
    const held = column.answer;
    column.answer = null;
    if (value.top) {
      column.answer = headlight.maps.unpacked(value, held);
      column.answered = column.model;
      column.answer.asked = asked += 1;
      if (state.point) askPoint(column);
      if (headlight.methods[state.method].slow) askSlowly(column);
    }
    redraw();
  }

  function failed(kind, family) {
    const column = state.columns[family];
    const sorry = "The question got lost on the way. Try again in a moment.";
    if (kind === "look") Object.assign(column, { busy: false, error: sorry });
    if (kind === "point" && column.point) column.point = { error: sorry };
    if (kind === "slow" && slowLine(family).fails() && column.slow?.state === "running") Object.assign(column.slow, { state: "error", error: sorry });
    redraw();
  }

  // The photo. `file` is what gr.Image holds: null, or a file on the server.
  function photoChanged(file) {
    if (file) headlight.giveBack(file);
    set({ photoThere: Boolean(file), photoError: "", photo: file ? state.photo : null, point: null, hover: null });
    Object.values(state.columns).forEach((column) => (column.point = null));
    if (file) links.picture.trigger("show");
    FAMILIES.forEach(ask);
  }

  function photoShown(value) {
    if (!state.photoThere || (!value.src && !value.error)) return;
    if (value.error) return set({ photo: null, photoError: value.error });
    const image = new Image();
    image.onload = () => {
      pictures.delete(value.key);
      pictures.set(value.key, { ...value, ...headlight.canvas.picture(image) });
      if (pictures.size > 4) pictures.delete(pictures.keys().next().value);
      set({ photo: pictures.get(value.key), photoError: "" });
    };
    image.src = value.src;
  }

  // Asking from a patch.
  function pin(point) {
    const before = state.point ? state.before : state.method; // letting the patch go brings the method back
    set(point ? { point, before, method: "attention" } : { point, before: "", method: state.before || state.method });
    Object.values(state.columns).forEach((column) => {
      column.point = null;
      if (point && column.answer) askPoint(column);
    });
  }

  function askPoint(column) {
    column.pointSerial += 1;
    column.point = { busy: true };
    links[`point ${column.family}`].trigger("ask");
  }

  function pointAnswered(family, value) {
    const column = state.columns[family];
    if (value.serial !== column.pointSerial || !state.point) return;
    column.point = value.error
      ? { error: value.error }
      : { layers: value.attention.map(headlight.maps.unpack), asked: (asked += 1) };
    redraw();
  }

  // What runs the model again takes seconds to minutes: it starts when it is chosen, and can be stopped.
  function chooseMethod(method) {
    set({ method, before: "", point: method === "attention" ? state.point : null });
    if (!headlight.methods[method].slow) return;
    Object.values(state.columns).forEach((column) => column.answer && column.slow?.method !== method && askSlowly(column));
  }

  function askSlowly(column) {
    column.slow = { method: state.method, state: "running", done: 0 };
    slowLine(column.family).ask();
    redraw();
  }

  function stopSlowly(column) {
    column.slow = { method: column.slow.method, state: "stopped" };
    slowLine(column.family).cancel();
    redraw();
  }

  function dropSlow(column) {
    if (column.slow?.state === "running") stopSlowly(column);
    column.slow = null;
  }

  function slowAnswered(family, value) {
    const column = state.columns[family];
    if (!slowLine(family).hears(value, value.done !== undefined) || !column.slow) return;
    if (value.error) Object.assign(column.slow, { state: "error", error: value.error });
    else if (value.data) Object.assign(column.slow, { state: "done", ...headlight.maps.unpack(value), note: value.note });
    else column.slow.done = value.done ?? column.slow.done;
    redraw();
  }

  function chooseTarget(target) {
    const before = FAMILIES.map((family) => JSON.stringify(question("look", family).target));
    set({ target });
    FAMILIES.forEach((family, i) => {
      if (JSON.stringify(question("look", family).target) !== before[i]) ask(family);
    });
  }

  // An element with a class, a text and attributes; texts are never read as HTML.
  function make(tag, className = "", text = "", attributes = {}) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  }

  widgets.picture = (_element, _options, link) => connect("picture", link, photoShown);
  widgets.point = (_element, { family }, link) => connect(`point ${family}`, link, (v) => pointAnswered(family, v));
  widgets.slow = (_element, { family }, link) => {
    slowLine(family).join(link);
    connect(`slow ${family}`, link, (value) => slowAnswered(family, value));
  };

  return {
    FAMILIES, methods, page, state, set, point, redraw, drawers, pointers, pictures, widgets, mount, connect, column, make,
    question, ask, askSoon, answered, failed, photoChanged, pin, chooseMethod, chooseTarget, askSlowly, stopSlowly,
    wanted: (family) => slowLine(family).wanted(),
  };
})();
