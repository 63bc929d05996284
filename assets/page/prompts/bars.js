// Accuracy per condition and per class, with intervals, what guessing would give, and where the pinned prompt stood.

import { bar, card, doubt, percent, rows } from "./parts.js";
import { state } from "./state.js";
import { make } from "../shared/make.js";

export function bars(element) {
  card(element, "Where it is right", draw).className = "hl-spoken";

  const conditions = section("By condition");
  const classes = section("By class", true);
  element.append(conditions.box, classes.box);

  function section(title, scores = false) {
    const box = make("section", `hl-section${scores ? " hl-by-class" : ""}`);
    const list = make("ol", "hl-rates");
    const top = make("div", "hl-rates-top");
    top.append(make("h2", "", title));
    if (scores) top.append(make("span", "hl-hint", "precision"), make("span", "hl-hint", "F1"));
    const none = make("p", "hl-hint");
    box.append(top, list, none);
    const fill = rows(list, () => {
      const item = make("li");
      const [name, value, track] = [make("span", "hl-rate-name"), make("span", "hl-share"), bar()];
      const [precision, f1] = [make("span", "hl-share"), make("span", "hl-share")];
      item.append(name, track.node, value);
      if (scores) item.append(precision, f1);
      return {
        node: item,
        draw: (share) => {
          name.textContent = name.title = share.name;
          value.textContent = doubt(share);
          const silent = share.total && share.rate === null;
          precision.textContent = silent ? "–" : percent(share.precision);
          f1.textContent = silent ? "–" : percent(share.f1);
          track.draw(share, share.chance, share.before);
        },
      };
    });
    return { box, fill, none };
  }

  function draw() {
    const { answer } = state;
    if (!answer) return;
    const chance = 1 / answer.classes.length;
    const told = (shares, before) => shares.map((share) => ({ ...share, chance, before: before?.[share.name] }));
    conditions.fill(told(answer.per_condition, answer.change?.per_condition));
    classes.fill(told(answer.per_class, answer.change?.per_class));
    conditions.none.textContent = answer.per_condition.length ? "" : "This set has no conditions.";
  }
}
