// One line to Python. Its questions are numbered and only the answer to the newest counts; where the work is slow, Python
// is told when none below a number is wanted any more (tabs/wiring/lines.py).

headlight.line = (name) => {
  const asker = `${headlight.page} ${name}`;
  let link = null;
  let newest = 0; // questions have numbers, and so has taking them back
  let asked = 0; // the number of the newest question
  let sent = 0; // of the newest that left; while one is out, Gradio keeps the next back
  let ended = 0; // of the last that was answered to the end
  let out = false; // whether a question is out

  return {
    // What goes out with a question, and with a stop.
    question() {
      sent = asked;
      return { asker, serial: asked };
    },
    wanted: () => ({ asker, serial: newest }),
    get joined() {
      return Boolean(link);
    },
    join(found) {
      link = found;
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
    // Whether what came counts; more: whether more of the same answer will come.
    hears(value, more = false) {
      if (value.serial !== newest || newest === ended) return false; // Gradio can say the last word twice
      if (!more) ended = newest;
      out = more;
      return true;
    },
    // Whether somebody waits for what failed. A question that was kept back goes down with it, so it is asked again.
    fails() {
      if (out && sent < asked) {
        link.trigger("ask");
        return false;
      }
      const waited = out;
      out = false;
      return waited;
    },
  };
};
