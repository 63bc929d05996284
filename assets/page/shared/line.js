// @ts-check
// One line to Python. Its questions are numbered and only the answer to the newest counts; where the work is slow, Python
// is told when none below a number is wanted any more (tabs/wiring/lines.py).

/** @typedef {{trigger: (event: string, data?: any) => void, props: any, watch: (names: string, hear: () => void) => void}} Link */

const page = [...crypto.getRandomValues(new Uint32Array(4))].join("-"); // one open page's own name, which nobody can guess

/** @param {string} name */
export function line(name) {
  const asker = `${page} ${name}`;
  /** @type {Pick<Link, "trigger"> | null} */
  let link = null;
  let newest = 0; // questions have numbers, and so has taking them back
  let asked = 0; // the number of the newest question
  let sent = 0; // of the newest that left; while one is out, Gradio keeps the next back
  let ended = 0; // of the last that was answered to the end
  let out = false; // whether a question is out

  return {
    /** What goes out with a question. */
    question() {
      sent = asked;
      return { asker, serial: asked };
    },
    /** What goes out with a stop. */
    wanted: () => ({ asker, serial: newest }),
    /** The component that carries the line is there; what was asked before goes out now. @param {Pick<Link, "trigger">} found */
    join(found) {
      const waited = !link && out;
      link = found;
      if (waited) link.trigger("ask");
    },
    ask() {
      asked = newest += 1;
      if (out) link?.trigger("stop");
      out = true;
      link?.trigger("ask");
    },
    cancel() {
      newest += 1;
      if (out) link?.trigger("stop");
      out = false;
    },
    /** Whether what came counts. @param {{serial?: number}} value @param {boolean} [more] whether more of the same answer will come */
    hears(value, more = false) {
      if (value.serial !== newest || newest === ended) return false; // Gradio can say the last word twice
      if (!more) ended = newest;
      out = more;
      return true;
    },
    /** Whether somebody waits for what failed. A question that was kept back goes down with it, so it is asked again. */
    fails() {
      if (out && sent < asked) {
        link?.trigger("ask");
        return false;
      }
      const waited = out;
      out = false;
      return waited;
    },
  };
}
