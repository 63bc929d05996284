// The Map tab, as the bridge finds it.

import { asks } from "./asks.js";
import { chosen } from "./chosen.js";
import { column } from "./column.js";
import { notes } from "./notes.js";
import { fileChanged, photoChanged, tab } from "./state.js";
import { take, toQuestion } from "./question.js";

export const widgets = { asks, chosen, column, notes };

export const changed = { file: fileChanged, photo: photoChanged };

export { tab, take, toQuestion };
