// Every prompt tried in this visit: sorted by any column, restored by a click, taken away as CSV.

import { brief, button, card, doubt, percent } from "./parts.js";
import { prepare, redraw, restore, set as change, state } from "./state.js";
import { make } from "../shared/make.js";
import { csv, save } from "../shared/saving.js";
import { nameOf } from "../shared/sets.js";

export function board(element) {
  const HALF = { all: "all", choose: "choose half", confirm: "confirm half" };
  /**
   * @typedef {{number: number, templates: string, set: string, half: "all" | "choose" | "confirm", model: string, count: number,
   *   overall: {rate: number, low: number, high: number, correct: number, total: number}, f1: number}} Tried
   * @type {[key: string, title: string, value: (row: Tried) => string | number][]}
   */
  const COLUMNS = [
    ["number", "#", (row) => row.number],
    ["templates", "Templates", (row) => row.templates],
    ["set", "Pictures", (row) => `${nameOf(row.set)}${row.half === "all" ? "" : `, ${HALF[row.half]}`}`],
    ["model", "CLIP", (row) => row.model],
    ["count", "Classes", (row) => row.count],
    ["accuracy", "Accuracy", (row) => row.overall.rate ?? -1], // without an answer, below all
    ["f1", "Macro F1", (row) => row.f1 ?? -1],
  ];
  let sorted = { key: "number", down: true };
  const heading = card(element, "Every prompt you tried", draw);
  const top = make("div", "hl-choice-top");
  const hint = make("p", "hl-hint", "A prompt goes on the board once it stood for a second. Click one to bring it back. Kept until you leave the page.");
  const take = button("Download CSV", download);
  heading.replaceWith(top);
  top.append(heading, take);
  const frame = make("div", "hl-board-frame", "", { tabindex: "0", role: "group", "aria-label": "Prompts tried" });
  const table = make("table", "hl-board");
  const head = make("tr");
  const body = make("tbody");
  const heads = COLUMNS.map(([key, title]) => {
    const th = make("th", "", "", { scope: "col" });
    const act = make("button", "", title, { type: "button" });
    act.addEventListener("click", () => {
      sorted = { key, down: sorted.key === key ? !sorted.down : key !== "templates" };
      redraw();
    });
    th.append(act);
    head.append(th);
    return [key, th];
  });
  const thead = make("thead");
  thead.append(head);
  table.append(thead, body);
  frame.append(table);
  element.append(hint, frame);
  let drawn = "";

  function ordered() {
    const [, , value] = COLUMNS.find(([key]) => key === sorted.key);
    const sign = sorted.down ? -1 : 1;
    return [...state.board].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y))) || a.number - b.number;
    });
  }

  function bring({ templates, classes, model, set, limit }) {
    if (set === state.set && limit === state.limit) return restore({ templates, classes, model });
    prepare({ set, limit, model });
    change({ classes, templates });
  }

  function draw() {
    take.disabled = !state.board.length;
    const key = JSON.stringify([sorted, state.board.length, state.templates, state.classes, state.model, state.split, state.set]);
    if (key === drawn) return;
    drawn = key;
    for (const [name, th] of heads) th.setAttribute("aria-sort", name !== sorted.key ? "none" : sorted.down ? "descending" : "ascending");
    body.replaceChildren(...ordered().map(line));
  }

  function line(row) {
    const tr = make("tr");
    const half = state.split ? "choose" : "all";
    const now = row.templates === state.templates && row.classes === state.classes && row.model === state.model && row.half === half && row.set === state.set;
    tr.classList.toggle("hl-now", now);
    for (const [key, , value] of COLUMNS) {
      const td = make("td");
      if (key === "templates") {
        const act = make("button", "", brief(row.templates), { type: "button", title: row.templates });
        act.addEventListener("click", () => bring(row));
        td.append(act);
      } else if (key === "accuracy") td.textContent = doubt(row.overall);
      else if (key === "f1") td.textContent = percent(row.f1);
      else td.textContent = String(value(row));
      tr.append(td);
    }
    return tr;
  }

  function download() {
    const names = "number set half model classes templates correct total accuracy low high macro_f1".split(" ");
    const written = ordered().map(({ number, set, half, model, classes, templates, overall, f1 }) => [
      number, nameOf(set), half, model, classes, templates, overall.correct, overall.total, overall.rate,
      ...(overall.rate === null ? ["", ""] : [overall.low, overall.high]), f1, // no interval of no accuracy
    ]);
    save(csv([names, ...written]), "headlight-prompts.csv", "text/csv;charset=utf-8");
  }
}
