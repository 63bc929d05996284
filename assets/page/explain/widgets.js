// The Explain tab, as the bridge finds it.

import { ask } from "./ask.js";
import { giveBack } from "./bring.js";
import { column } from "./column.js";
import { examples } from "./examples.js";
import { notes } from "./notes.js";
import { take, toQuestion } from "./question.js";
import { photoChanged, tab } from "./state.js";
import { strips } from "./strips.js";

export const widgets = { ask, column, examples, notes, strips };

export const changed = {
  photo(file) {
    if (file) giveBack(file);
    photoChanged(file);
  },
};

export { tab, take, toQuestion };
