// Accuracy per condition and per class: the models side by side on one scale, each with its interval.

import { bar, card, doubt, percent, rated, rows } from "./parts.js";
import { rivals, state } from "./state.js";
import { make } from "../shared/make.js";
import { titleOf } from "../shared/settings.js";

export function bars(element) {
  card(element, "Where each is right", draw).className = "hl-spoken";
  const conditions = section("By condition");
  const classes = section("By class");
  element.append(conditions.box, classes.box);

  function section(title) {
    const box = make("section", "hl-section");
    const list = make("div", "hl-versus");
    const hint = make("p", "hl-hint");
    box.append(make("h2", "", title), list, hint);
    let built = "";
    let fill = null;
    const draw = (groups, families, note) => {
      if (built !== families.join()) {
        list.replaceChildren(top(families));
        const body = make("div", "hl-versus-rows", "", { tabindex: "0", role: "group", "aria-label": title });
        list.append(body);
        list.style.setProperty("--models", String(families.length));
        fill = rows(body, () => line(families));
        built = families.join();
      }
      fill(groups);
      hint.textContent = note;
      list.hidden = !groups.length;
    };
    return { box, draw };
  }

  function top(families) {
    const head = make("div", "hl-versus-row hl-versus-top", "", { "aria-hidden": "true" });
    head.append(make("span"), ...families.map((family) => make("span", "hl-who", titleOf(family), { "data-family": family })));
    return head;
  }

  function line(families) {
    const node = make("div", "hl-versus-row");
    const name = make("span", "hl-rate-name");
    const cells = families.map((family) => {
      const cell = make("span", "hl-versus-cell", "", { "data-family": family });
      const [track, value, spoken] = [bar(), make("span", "hl-share"), make("span", "hl-spoken")];
      cell.append(track.node, value, spoken);
      return { family, cell, track, value, spoken };
    });
    node.append(name, ...cells.map(({ cell }) => cell));
    return {
      node,
      draw: (group) => {
        const n = Object.values(group.shares)[0].total;
        name.replaceChildren(group.name, make("small", "", ` n = ${n.toLocaleString("en")}`));
        name.title = group.name;
        for (const { family, cell, track, value, spoken } of cells) {
          const share = group.shares[family];
          track.draw(share, state.answer ? 1 / state.answer.choices : null);
          value.textContent = share.total ? rated(share) : "–";
          cell.title = `${titleOf(family)}, ${group.name}: ${share.rate === null ? "" : `${share.correct.toLocaleString("en")} right, `}${doubt(share)}`;
          spoken.textContent = cell.title;
        }
      },
    };
  }

  function draw() {
    const { answer } = state;
    if (!answer) return;
    const families = rivals();
    conditions.draw(answer.per_condition, families, answer.per_condition.length ? `┊ guessing: ${percent(1 / answer.choices)}. Whiskers are 95 % intervals.` : "This set has no conditions.");
    const more = answer.class_count - answer.per_class.length;
    classes.draw(answer.per_class, families, more > 0 ? `The ${answer.per_class.length} classes that the models differ most on; ${more.toLocaleString("en")} more are in the CSV's pictures.` : "");
  }
}
