// What is taken for what. A cell opens its pictures, each with its five likeliest classes.

import { NO_ANSWER, card, count, rows, tiles } from "./parts.js";
import { openCell, state } from "./state.js";
import { make } from "../shared/make.js";

export function confusion(element) {
  const MOST = 20; // classes that fit a matrix; beyond, the commonest mistakes are listed
  card(element, "What is taken for what", draw);
  const hint = make("p", "hl-hint");
  const both = make("div", "hl-confusion");
  const frame = make("div", "hl-matrix-frame");
  const list = make("ol", "hl-mistakes");
  const shown = make("section", "hl-section hl-cell");
  const [title, empty] = [make("h3"), make("p", "hl-hint")];
  const { node, draw: fill } = tiles(({ condition, name }) => condition || name);
  shown.append(title, empty, node);
  both.append(frame, list, shown);
  element.append(hint, both);
  let built = "";
  let cells = [];

  const named = ({ classes }, row, column) => `${classes[row]} ${column < classes.length ? `taken for ${classes[column]}` : "without an answer"}`;

  // The answers that there are: the classes and, after the last, none at all where a picture has none.
  const columnsOf = ({ classes, no_answer: none }) => (none.some(Boolean) ? [...classes, NO_ANSWER] : classes);

  function build({ classes }, columns) {
    const table = make("table", "hl-matrix", "", { role: "grid", "aria-label": "Confusion matrix: rows are the truth, columns the answers" });
    const head = make("tr");
    head.append(make("td"), ...columns.map((name) => {
      const th = make("th", "hl-column-name", "", { scope: "col" });
      th.append(make("span", "", name, { title: name }));
      return th;
    }));
    table.append(head);
    cells = classes.map((truth, row) => {
      const tr = make("tr");
      tr.append(make("th", "", truth, { scope: "row", title: truth }));
      const made = columns.map((_, column) => {
        const td = make("td");
        const button = make("button", "", "", { type: "button", tabindex: row + column ? "-1" : "0" });
        button.addEventListener("click", () => openCell([row, column]));
        td.append(button);
        tr.append(td);
        return button;
      });
      table.append(tr);
      return made;
    });
    table.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      const row = cells.findIndex((each) => each.includes(event.target));
      if (!step || row < 0) return;
      const next = cells[row + step[0]]?.[cells[row].indexOf(event.target) + step[1]];
      event.preventDefault();
      if (!next) return;
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    frame.replaceChildren(table);
  }

  function paint(answer, columns) {
    answer.confusion.forEach((answers, row) => {
      const line = [...answers, answer.no_answer[row]].slice(0, columns.length);
      const total = line.reduce((a, b) => a + b, 0);
      line.forEach((n, column) => {
        const button = cells[row][column];
        button.textContent = n || "";
        button.style.setProperty("--share", `${total ? Math.round((70 * n) / total) : 0}%`);
        button.classList.toggle("hl-hit", row === column);
        button.setAttribute("aria-pressed", String(state.cell?.[0] === row && state.cell?.[1] === column));
        button.setAttribute("aria-label", `${named(answer, row, column)}: ${count(n, "picture")}`);
        button.title = button.getAttribute("aria-label");
      });
    });
  }

  const fillMistakes = rows(list, () => {
    const item = make("li");
    const button = make("button", "", "", { type: "button" });
    const made = { node: item };
    button.addEventListener("click", () => openCell(made.cell));
    item.append(button);
    made.draw = ({ words, n, cell }) => {
      made.cell = cell;
      button.textContent = `${words}: ${n.toLocaleString("en")}`;
      button.setAttribute("aria-pressed", String(String(state.cell) === String(cell)));
    };
    return made;
  });

  // The commonest mistakes, a class without any answer among them.
  function mistaken({ mistakes, no_answer: none }) {
    const silent = none.map((n, row) => [row, none.length, n]).filter(([, , n]) => n);
    return [...mistakes, ...silent].sort((a, b) => b[2] - a[2]).slice(0, MOST);
  }

  function draw() {
    const { answer } = state;
    if (!answer) return;
    const many = answer.classes.length > MOST;
    const columns = columnsOf(answer);
    [frame.hidden, list.hidden] = [many, !many];
    hint.textContent = many
      ? `The commonest mistakes, at most ${MOST}. Click one to see its pictures.`
      : "Rows are what a picture shows, columns what CLIP answers; right answers lie on the diagonal. Click a cell to see its pictures.";
    if (many) fillMistakes(mistaken(answer).map(([row, column, n]) => ({ words: named(answer, row, column), n, cell: [row, column] })));
    else {
      const key = JSON.stringify(columns);
      if (built !== key) build(answer, columns);
      built = key;
      paint(answer, columns);
    }
    const { cell, cellPictures } = state;
    const [row, column] = cell ?? [];
    title.textContent = !cell ? "No cell chosen yet" : row === column ? `${answer.classes[row]}, answered right` : named(answer, row, column);
    const found = cell ? cellPictures : null;
    const more = found && found.count > found.pictures.length ? `, the ${found.pictures.length} least sure` : "";
    empty.textContent = found?.count === 0 ? "No picture was taken so." : found ? `${count(found.count, "picture")}${more}. Bars: the five likeliest classes, in %; ✓ is the truth.` : cell ? "" : "The pictures of a cell appear here.";
    fill(found?.pictures ?? []);
  }
}
