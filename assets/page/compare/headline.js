// How often each model is right, side by side; and in one sentence whether that tells them apart.

import { bar, button, card, listed, percent, points, range, rated, showLabels } from "./parts.js";
import { state } from "./state.js";
import { make } from "../shared/make.js";
import { FAMILIES, titleOf } from "../shared/settings.js";
import * as wording from "../shared/wording.js";

export function headline(element) {
  const heading = card(element, "How often each model is right", draw);
  heading.className = "hl-spoken";
  const banner = make("div", "hl-banner", "", { role: "status" });
  const said = make("div");
  const mend = button("Open the label maps", showLabels);
  banner.append(said, mend);
  const columns = make("div", "hl-three");
  const verdict = make("p", "hl-verdict", "", { "aria-live": "polite" });
  element.append(banner, columns, verdict);

  const made = FAMILIES.map((family) => {
    const node = make("section", "hl-rival", "", { "data-family": family, "aria-label": `${titleOf(family)}: how often it is right` });
    const top = make("h2");
    const [title, name] = [make("span", "hl-column-title", titleOf(family)), make("span", "hl-hint")];
    top.append(title, name);
    const figure = make("p", "hl-big");
    const [rate, spread] = [make("strong"), make("span", "", "", { title: "95 % of the time, an interval made like this (Wilson's) holds the true accuracy; n is the number of pictures" })];
    figure.append(rate, " ", spread);
    const overall = bar();
    const meaning = make("p", "hl-hint");
    const means = table();
    const facts = make("ul", "hl-facts");
    node.append(top, figure, overall.node, meaning, means.node, facts);
    columns.append(node);
    return { family, node, name, rate, spread, overall, meaning, means, facts };
  });

  // Precision, recall and F1, each class alike and weighed by size.
  function table() {
    const node = make("table", "hl-means");
    const head = make("tr");
    head.append(make("td"), ...["precision", "recall", "F1"].map((title) => make("th", "", title, { scope: "col" })));
    node.append(head);
    /** @type {[average: string, cells: [figure: string, cell: HTMLElement][]][]} */
    const lines = [["macro", "Every class counts alike"], ["weighted", "Classes count by their number of pictures"]].map(([key, meaning]) => {
      const line = make("tr");
      /** @type {[string, HTMLElement][]} */
      const cells = ["precision", "recall", "f1"].map((each) => [each, make("td")]);
      line.append(make("th", "", key, { scope: "row", title: meaning }), ...cells.map(([, cell]) => cell));
      node.append(line);
      return [key, cells];
    });
    const draw = (told) => {
      for (const [key, cells] of lines) {
        for (const [each, cell] of cells) {
          const interval = each === "f1" ? told?.[key].interval : null;
          cell.textContent = told ? `${percent(told[key][each])}${interval ? ` (${interval.map(points).join("–")})` : ""}` : "–";
          cell.title = interval ? "95 % of the scores of redrawn pictures (bootstrap by class) lie here" : "";
        }
      }
    };
    return { node, draw };
  }

  // [text, what it means] of each line.
  function facts(told) {
    return [
      told.free
        ? [`${percent(told.free.rate)} when all ${told.outputs.toLocaleString("en")} outputs may answer`, `Unrestricted accuracy, ${percent(told.free.rate)} ${range(told.free)}: how often its best output of all stands for the true class`]
        : ["answers among the class names alone", "It reads texts, so it has no other outputs"],
      [`calibration error (ECE) ${points(told.ece)} points`, "How far confidence lies from accuracy on average over ten bins; the curves are below"],
      [`${(told.parameters / 1e6).toFixed(1)} million parameters`, ""],
    ];
  }

  function drawOne({ family, node, name, rate, spread, overall, meaning, means, facts: list }) {
    const told = state.answer?.models[family];
    const error = state.ready?.models[family]?.error ?? told?.error;
    const out = !state.models[family];
    node.classList.toggle("hl-out", out || Boolean(error));
    const share = out || error ? null : told?.overall;
    const whose = share && state.stale ? told.name : state.models[family]; // an old figure keeps its model's name
    name.textContent = out ? "left out" : wording.short(whose, 34);
    name.title = whose;
    rate.textContent = share ? rated(share) : "–";
    spread.textContent = share ? range(share) : "";
    const answer = state.answer;
    overall.draw(share, share ? 1 / answer.choices : null);
    meaning.textContent = share ? `of the pictures right. ┊ guessing: ${percent(1 / answer.choices)}` : " ";
    means.draw(share ? told : null);
    const lines = out ? [["Choose a checkpoint on the left to bring it in.", ""]] : error ? [[`Not in this comparison: ${error}`, ""]] : told?.overall ? facts(told) : [[state.preparing || state.busy ? "Looking at the pictures…" : "No figures yet.", ""]];
    const key = JSON.stringify(lines);
    if (list.dataset.key === key) return;
    list.dataset.key = key;
    list.replaceChildren(...lines.map(([text, title]) => make("li", "", text, title ? { title } : {})));
  }

  // Which models are told apart, in one sentence.
  function judged() {
    const { answer } = state;
    if (!answer) return "";
    if (!answer.pairs.length) return "It takes a second model to compare it with.";
    const [{ a: one, b: other }] = answer.pairs;
    const real = answer.pairs.filter(({ p_holm: p }) => p < 0.05);
    if (!real.length && answer.pairs.length === 1) return `These pictures do not tell ${titleOf(one)} and ${titleOf(other)} apart: the difference may well be chance.`;
    if (!real.length) return "These pictures tell no two of them apart: every difference may well be chance.";
    const behind = new Map(); // who is ahead → of whom
    for (const { a, b, gap } of real) {
      const [first, second] = gap > 0 ? [a, b] : [b, a];
      behind.set(first, [...(behind.get(first) ?? []), titleOf(second)]);
    }
    const words = [...behind].map(([first, others]) => `${titleOf(first)} is ahead of ${listed(others)}`);
    const rest = answer.pairs.length - real.length;
    return `${listed(words)} by more than chance${rest ? `; the other ${rest === 1 ? "difference" : "differences"} may well be chance` : ""}.`;
  }

  function draw() {
    const { answer, error } = state;
    const notes = [...(error ? [error] : []), ...(answer?.left_out ?? [])];
    banner.hidden = !notes.length;
    mend.hidden = !Object.values(answer?.labels ?? {}).some(({ mapped, classes }) => mapped < classes) && !notes.some((text) => text.includes("label map"));
    const key = JSON.stringify(notes);
    if (said.dataset.key !== key) said.replaceChildren(...notes.map((text, i) => make("p", error && !i ? "hl-trouble" : "", text)));
    said.dataset.key = key;
    element.setAttribute("aria-busy", String(state.busy));
    made.forEach(drawOne);
    verdict.textContent = judged();
  }
}
