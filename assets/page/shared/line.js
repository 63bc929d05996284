// One line to Python. Its questions are numbered, only the answer to the newest counts, and slow work can be stopped.
//
// It lives with four ways of Gradio: work cannot be stopped before its first word, because it has no name until then, so it is
// stopped at that; stopped work is called failed, twice; a question asked before a stop came through is forgotten; and the last word comes twice.

headlight.line = () => {
  let link = null;
  let serial = 0;
  let asked = 0; // the number of the newest question; a stop has a number, too
  let ended = 0; // the number of the last question that was answered to the end
  let going = false; // whether Python is known to be at work on the newest question
  let stopped = false; // whether work was stopped, until something is heard again
  let stopping = false; // whether that stop has yet to come through
  let waits = false; // whether a question waits for it

  function settle() {
    const due = waits;
    stopping = waits = false;
    if (due) link.trigger("ask");
  }

  function halt() {
    stopped = stopping = true;
    link.trigger("cancel");
  }

  return {
    get serial() {
      return serial;
    },
    get joined() {
      return Boolean(link);
    },
    join(found) {
      link = found;
    },
    ask() {
      asked = serial += 1;
      going = false;
      if (stopping) waits = true;
      else link?.trigger("ask");
    },
    cancel() {
      serial += 1;
      waits = false;
      if (going) halt();
      going = false;
    },
    // Whether what came counts; more: whether more of the same answer will come.
    hears(value, more = false) {
      if (!more) settle(); // this work was over before it could be stopped
      if (more && value.serial < serial && !stopping) {
        waits = asked === serial;
        halt();
      }
      if (value.serial !== serial || serial === ended) return false;
      going = more;
      stopped = false;
      if (!more) ended = serial;
      return true;
    },
    // Whether a failure is one.
    fails() {
      if (stopped) settle();
      return !stopped;
    },
  };
};
