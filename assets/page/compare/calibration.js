// Whether confidence can be believed: of the pictures a model is about 80 % sure of, are 80 % right? One curve a model.

import { card, percent, points } from "./parts.js";
import { state } from "./state.js";
import { make } from "../shared/make.js";
import { FAMILIES, titleOf } from "../shared/settings.js";

export function calibration(element) {
  card(element, "Can their confidence be believed?", draw);
  const columns = make("div", "hl-three");
  const hint = make(
    "p",
    "hl-hint",
    "A dot is the pictures of one bin of confidence, the larger the more: across, how sure the model was on average; up, how many of them it had right, with Wilson's interval. On the dashed line sureness is earned; below it the model is too sure. Bars beneath count the pictures. ECE, the expected calibration error, is the mean distance from the line over the pictures: it depends on the bins, and rises by itself when pictures are few. Confidence here is the share of the likeliest of this set's classes.",
  );
  element.append(columns, hint);
  const panels = FAMILIES.map((family) => {
    const node = make("section", "hl-calibrated", "", { "data-family": family });
    const [title, chart] = [make("h3"), make("div")];
    node.append(title, chart);
    columns.append(node);
    return { family, node, title, chart, key: "" };
  });

  const SIDE = 200;
  const [LEFT, TOP, COUNTS] = [34, 8, 34]; // room for the scale, above, and for the bars that count

  function drawn(tag, attributes, text = "") {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text) node.textContent = text;
    return node;
  }

  function chart({ bins }, label) {
    const x = (share) => LEFT + SIDE * share;
    const y = (share) => TOP + SIDE * (1 - share);
    const floor = TOP + SIDE + COUNTS + 6;
    const svg = drawn("svg", { viewBox: `0 0 ${LEFT + SIDE + 10} ${floor + 30}`, role: "img", "aria-label": label, class: "hl-curve" });
    svg.append(drawn("rect", { x: LEFT, y: TOP, width: SIDE, height: SIDE, class: "hl-curve-field" }));
    for (const share of [0, 0.5, 1]) {
      svg.append(drawn("text", { x: LEFT - 5, y: y(share) + 4, "text-anchor": "end" }, `${100 * share}`));
      svg.append(drawn("text", { x: x(share), y: floor + 13, "text-anchor": "middle" }, `${100 * share}`));
    }
    svg.append(drawn("text", { x: x(0.5), y: floor + 27, "text-anchor": "middle" }, "how sure, in %"));
    svg.append(drawn("text", { transform: `translate(9 ${y(0.5)}) rotate(-90)`, "text-anchor": "middle" }, "right, in %"));
    svg.append(drawn("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "hl-curve-diagonal" }));
    const filled = bins.filter(({ total }) => total);
    const most = Math.max(...filled.map(({ total }) => total));
    svg.append(drawn("polyline", { points: filled.map(({ confidence, rate }) => `${x(confidence)},${y(rate)}`).join(" "), class: "hl-curve-line" }));
    for (const { from, to, total, confidence, rate, low, high } of filled) {
      const group = drawn("g", {});
      group.append(drawn("title", {}, `${percent(from)} to ${percent(to)} sure: ${total.toLocaleString("en")} pictures, sure ${percent(confidence)}, right ${percent(rate)} (${points(low)}–${points(high)})`));
      const height = (COUNTS * total) / most;
      group.append(drawn("rect", { x: x(from) + 1, y: floor - height, width: Math.max(1, SIDE * (to - from) - 2), height, class: "hl-curve-count" }));
      group.append(drawn("line", { x1: x(confidence), x2: x(confidence), y1: y(low), y2: y(high), class: "hl-curve-whisker" }));
      group.append(drawn("circle", { cx: x(confidence), cy: y(rate), r: (2 + 4 * Math.sqrt(total / most)).toFixed(1), class: "hl-curve-dot" }));
      svg.append(group);
    }
    return svg;
  }

  function draw() {
    const { answer } = state;
    for (const panel of panels) {
      const told = answer?.models[panel.family];
      panel.node.hidden = !told?.overall;
      if (panel.node.hidden) continue;
      const key = JSON.stringify(told.calibration);
      if (key === panel.key) continue;
      panel.key = key;
      const title = titleOf(panel.family);
      const { confidence } = told;
      panel.title.textContent = `${title}: ECE ${points(told.ece)} points`;
      const label = `Calibration of ${title}: on average ${percent(confidence)} sure and ${percent(told.overall.rate)} right; expected calibration error ${points(told.ece)} points.`;
      panel.chart.replaceChildren(chart({ bins: told.calibration }, label), make("p", "hl-hint", `On average ${percent(confidence)} sure, ${percent(told.overall.rate)} right.`));
    }
  }
}
