// The Explain tab, as the bridge finds it.

import { ask } from "./ask.js";
import { giveBack } from "./bring.js";
import { column } from "./column.js";
import { examples } from "./examples.js";
import { notes } from "./notes.js";
import { adopt, take, toQuestion } from "./question.js";
import { photoChanged, state, tab } from "./state.js";
import { fileOf } from "../shared/sets.js";
import { strips } from "./strips.js";

export const widgets = { ask, column, examples, notes, strips };

export const changed = {
  photo(file) {
    if (file) giveBack(file);
    photoChanged(file);
  },
};

/** The files that go with questions: the uploaded set of a picture that an address asks for. */
export const files = { file: () => fileOf(state.wanted?.set ?? "") };

export { tab, adopt, take, toQuestion };
