// The Compare tab, as the bridge finds it.

import { asks } from "./asks.js";
import { bars } from "./bars.js";
import { calibration } from "./calibration.js";
import { cells } from "./cells.js";
import { differences } from "./differences.js";
import { headline } from "./headline.js";
import { labels } from "./labels.js";
import { fileChanged, state, tab } from "./state.js";
import { adopt, take, toQuestion } from "./question.js";
import { fileOf } from "../shared/sets.js";

export const widgets = { asks, bars, calibration, cells, differences, headline, labels };

export const changed = { file: fileChanged };

/** The files that go with questions. */
export const files = { file: () => fileOf(state.set) };

export { tab, adopt, take, toQuestion };
