// The Compare tab, as the bridge finds it.

import { asks } from "./asks.js";
import { bars } from "./bars.js";
import { calibration } from "./calibration.js";
import { cells } from "./cells.js";
import { differences } from "./differences.js";
import { headline } from "./headline.js";
import { labels } from "./labels.js";
import { fileChanged, tab } from "./state.js";
import { take, toQuestion } from "./question.js";

export const widgets = { asks, bars, calibration, cells, differences, headline, labels };

export const changed = { file: fileChanged };

export { tab, take, toQuestion };
