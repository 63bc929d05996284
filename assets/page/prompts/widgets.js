// The Prompts tab, as the bridge finds it.

import { asks } from "./asks.js";
import { bars } from "./bars.js";
import { board } from "./board.js";
import { change } from "./change.js";
import { confusion } from "./confusion.js";
import { headline } from "./headline.js";
import { image } from "./image.js";
import { lesson } from "./lesson.js";
import { fileChanged, photoChanged, tab } from "./state.js";
import { take, toQuestion } from "./question.js";

export const widgets = { asks, bars, board, change, confusion, headline, image, lesson };

export const changed = { file: fileChanged, photo: photoChanged };

export { tab, take, toQuestion };
