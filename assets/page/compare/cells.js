// Where the models agree and where they do not: every combination of right and wrong with its pictures, one of them open.

import { openedPicture } from "./opened.js";
import { NO_ANSWER, button, card, count, dots, percent, rows } from "./parts.js";
import { PAGE, open, openCell, page, rivals, state, step } from "./state.js";
import { make } from "../shared/make.js";
import { titleOf } from "../shared/settings.js";

export function cells(element) {
  card(element, "Where they agree, and where they do not", draw);
  const hint = make("p", "hl-hint", "Each row is one pattern of right and wrong. Click one to see its pictures.");
  const both = make("div", "hl-cells-and-picture");
  const left = make("div", "hl-cells-side");
  const heads = make("div", "hl-cell-heads", "", { "aria-hidden": "true" });
  const list = make("ol", "hl-cells");
  const over = make("div", "hl-over-represented", "", { "aria-live": "polite" });
  left.append(heads, list, over);
  const opened = openedPicture();
  both.append(left, opened.node);
  const shown = make("section", "hl-section");
  const top = make("div", "hl-choice-top");
  const title = make("h3");
  const pager = make("div", "hl-acts hl-pager");
  const [back, which, on] = [button("Earlier", () => page(-1)), make("span", "hl-hint"), button("Later", () => page(1))];
  pager.append(back, which, on);
  top.append(title, pager);
  const tiles = make("div", "hl-pictures hl-cell-pictures");
  const empty = make("p", "hl-hint");
  shown.append(top, empty, tiles);
  element.append(hint, both, shown);

  const fillHeads = rows(heads, () => {
    const node = make("span");
    return {
      node,
      draw: (family) => {
        node.textContent = titleOf(family);
        node.dataset.family = family;
      },
    };
  });

  let built = null; // the models that the rows' dots stand for
  let fillCells = null;
  function build(families) {
    list.replaceChildren();
    fillCells = rows(list, () => cellRow(families));
    built = families.join();
  }

  function cellRow(families) {
    const node = make("li");
    const act = make("button", "hl-cell-row", "", { type: "button" });
    const marks = dots(Object.fromEntries(families.map((family) => [family, false])));
    const [name, track, fill, number] = [make("span", "hl-cell-name"), make("span", "hl-cell-track", "", { "aria-hidden": "true" }), make("i"), make("span", "hl-share")];
    track.append(fill);
    act.append(marks.node, name, track, number);
    node.append(act);
    const made = { node };
    act.addEventListener("click", () => openCell(made.key));
    made.draw = ({ key, right, title: words, count: n, share, bar, within }) => {
      made.key = key;
      marks.draw(right);
      name.textContent = within ? "… same answer" : words.replace(/ (is|are) /, " ");
      fill.style.width = `${100 * bar}%`;
      number.textContent = n ? `${n.toLocaleString("en")} · ${share < 0.01 ? "< 1" : Math.round(100 * share)} %` : "0";
      act.disabled = !n;
      act.setAttribute("aria-pressed", String(state.cell === key));
      act.title = `${words}: ${count(n, "picture")}, ${percent(share)}`;
    };
    return made;
  }

  const fillTiles = rows(tiles, () => {
    const tile = make("button", "hl-picture-tile", "", { type: "button" });
    const image = make("img", "", "", { alt: "", loading: "lazy" });
    const truth = make("span", "hl-tile-truth");
    const said = make("ul", "hl-said");
    tile.append(image, truth, said);
    const fill = rows(said, () => {
      const line = make("li");
      return {
        node: line,
        draw: ({ family, answer: given, right }) => {
          const answer = given ?? NO_ANSWER;
          line.dataset.family = family;
          line.classList.toggle("hl-is-right", right);
          line.textContent = answer;
          line.title = `${titleOf(family)}: ${answer}, ${right ? "right" : "wrong"}`;
        },
      };
    });
    const made = { node: tile };
    tile.addEventListener("click", () => open(made.place));
    made.draw = (picture) => {
      made.place = picture.place;
      if (image.src !== picture.src) image.src = picture.src;
      image.alt = [picture.truth, picture.condition].filter(Boolean).join(", ");
      truth.textContent = truth.title = image.alt;
      tile.title = picture.name;
      tile.setAttribute("aria-pressed", String(picture.place === state.place));
      fill(rivals().filter((family) => picture.answers[family]).map((family) => ({ family, ...picture.answers[family] })));
    };
    return made;
  });

  // Arrow keys walk through the cell, wherever in the card the focus is, unless they mean something there.
  element.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea")) return;
    event.preventDefault();
    step(by);
  });

  const fillOver = rows(over, () => {
    const node = make("p");
    return { node, draw: (text) => (node.textContent = text) };
  });

  function draw() {
    const { answer, pictures, cell, start } = state;
    const families = rivals();
    if (built !== families.join()) build(families);
    fillHeads(families);
    const cells = answer?.cells ?? [];
    const most = Math.max(1, ...cells.map(({ count: n }) => n));
    fillCells(cells.map((each) => ({ ...each, bar: each.count / most })));
    const now = pictures?.cell === cell ? pictures : null;
    const found = cells.find(({ key }) => key === cell);
    title.textContent = found ? `${found.title}: ${count(found.count, "picture")}` : "";
    fillOver(answer ? (now?.over ?? []) : ["The patterns stand here once every model has seen the pictures."]);
    const pages = now ? now.count > PAGE : false;
    pager.hidden = !pages;
    if (pages) {
      which.textContent = `${start + 1}–${Math.min(now.count, start + PAGE)} of ${now.count.toLocaleString("en")}`;
      back.disabled = !start;
      on.disabled = start + PAGE >= now.count;
    }
    empty.textContent = !answer ? "" : now ? now.order : cells.some(({ count: n }) => n) ? "" : "There is no picture to show.";
    fillTiles(now?.pictures ?? []);
    opened.draw();
  }
}
