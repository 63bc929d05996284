// The Map tab, as the bridge finds it.

import { asks } from "./asks.js";
import { chosen } from "./chosen.js";
import { column } from "./column.js";
import { notes } from "./notes.js";
import { fileChanged, photoChanged, state, tab } from "./state.js";
import { adopt, take, toQuestion } from "./question.js";
import { fileOf } from "../shared/sets.js";

export const widgets = { asks, chosen, column, notes };

export const changed = { file: fileChanged, photo: photoChanged };

/** The files that go with questions. */
export const files = { file: () => fileOf(state.set) };

export { tab, adopt, take, toQuestion };
