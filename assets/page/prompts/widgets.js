// The Prompts tab, as the bridge finds it.

import { asks } from "./asks.js";
import { bars } from "./bars.js";
import { board } from "./board.js";
import { change } from "./change.js";
import { confusion } from "./confusion.js";
import { headline } from "./headline.js";
import { image } from "./image.js";
import { lesson } from "./lesson.js";
import { fileChanged, photoChanged, state, tab } from "./state.js";
import { adopt, take, toQuestion } from "./question.js";
import { fileOf } from "../shared/sets.js";

export const widgets = { asks, bars, board, change, confusion, headline, image, lesson };

export const changed = { file: fileChanged, photo: photoChanged };

/** The files that go with questions. */
export const files = { file: () => fileOf(state.set) };

export { tab, adopt, take, toQuestion };
