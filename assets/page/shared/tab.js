// @ts-check
// What every tab stands on: its state, what redraws when that changes, and its lines to Python (tabs/wiring/lines.py).
//
// A question carries all it needs, so Python keeps nothing of a person.

import { schedule } from "./frame.js";
import { line as newLine } from "./line.js";

/** @typedef {import("./line.js").Link} Link */

const LOST = "The question got lost on the way. Try again in a moment.";

/**
 * @template {object} State
 * @param {string} name
 * @param {State} state
 * @param {{asks: (line: string) => object, start: () => void, failed: (line: string, sentence: string) => void}} told
 *   asks: what every question of a line says; start: called once, when the tab is first opened; failed: a question that
 *   brought no answer
 */
export function tab(name, state, { asks, start, failed }) {
  /** @type {Set<() => void>} */
  const drawers = new Set(); // called when anything changed
  /** @type {Set<() => void>} */
  const pointers = new Set(); // of those, the ones that show what is pointed at, called alone when only that changed
  /** @type {Record<string, (answer: any) => void>} */
  const hearers = {}; // line → what to do with its answer
  /** @type {Record<string, ReturnType<typeof newLine>>} */
  const lines = {};
  /** @type {Record<string, object>} */
  const extras = {}; // what a line's newest question adds
  let started = false;

  /** @param {string} key */
  const line = (key) => (lines[key] ??= newLine(`${name} ${key}`));

  const drawAll = () => drawers.forEach((draw) => draw());
  const redraw = () => schedule(drawAll);

  /** @param {Partial<State>} changes */
  function set(changes) {
    Object.assign(state, changes);
    redraw();
  }

  const drawPointed = () => pointers.forEach((draw) => draw());

  /** What is pointed at; drawn without the rest. @param {any} hover */
  function point(hover) {
    Object.assign(state, { hover });
    schedule(drawPointed);
  }

  /** @param {string} key @param {object} [extra] */
  function ask(key, extra = {}) {
    extras[key] = extra;
    line(key).ask();
  }

  /** @param {string} key @param {any} value */
  function hear(key, value) {
    const more = value.doing !== undefined || value.done !== undefined; // how far it is
    if (!line(key).hears(value, more)) return;
    hearers[key](value);
    redraw();
  }

  return {
    name, state, drawers, pointers, hearers, redraw, set, point, ask,
    /** @param {string} key */
    cancel: (key) => line(key).cancel(),

    // The other end of tabs/wiring/lines.py:
    /** @param {string} key */
    question: (key) => ({ ...asks(key), ...extras[key], ...line(key).question() }),
    /** @param {string} key */
    wanted: (key) => line(key).wanted(),
    /** @param {string} key */
    failed(key) {
      if (!line(key).fails()) return;
      failed(key, LOST);
      redraw();
    },
    /** @param {string} key @param {Link} link */
    join(key, link) {
      line(key).join(link);
      link.watch("value", () => hear(key, link.props.value || {}));
    },
    /** The tab is there; its first question goes out once all of it is. */
    open() {
      if (started) return;
      started = true;
      setTimeout(start, 0);
    },
  };
}
