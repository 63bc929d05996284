// What changed since the pinned prompt: the test in plain words, and the pictures that flipped.

import { NO_ANSWER, brief, card, count, odds, tiles, written } from "./parts.js";
import { state } from "./state.js";
import { make } from "../shared/make.js";

export function change(element) {
  const heading = card(element, "What changed since the pinned prompt", draw);
  const words = make("p", "hl-test");
  const sides = make("div", "hl-sides");
  element.append(words, sides);
  const better = side("Became right");
  const worse = side("Became wrong");

  function side(title) {
    const box = make("section", "hl-section");
    const top = make("h3");
    const { node, draw: fill } = tiles(({ before, answer }) => `${before ?? NO_ANSWER} → ${answer ?? NO_ANSWER}`, false);
    box.append(top, node);
    sides.append(box);
    return {
      draw: ({ count: n, places }) => {
        const shown = state.flips ? places.filter((place) => state.flips.has(place)) : [];
        const more = n > places.length ? `, the ${places.length} that moved furthest` : "";
        top.textContent = `${title}: ${n.toLocaleString("en")}${more}`;
        fill(shown.map((place) => state.flips.get(place)));
      },
    };
  }

  function test({ better: { count: up }, worse: { count: down }, p, total, note }) {
    const { overall, note: own } = state.answer;
    if (p === null) return `Nothing can be compared. ${overall.rate === null ? own : `The pinned prompt: ${note}`}`;
    const differ = up + down;
    if (!differ) return `No picture of ${total.toLocaleString("en")} flipped: the two prompts are right and wrong on the same ones.`;
    const judged = p < 0.05 ? "That is unlikely to be chance alone." : "That may well be chance.";
    return (
      `Of ${count(total, "picture")}, ${up.toLocaleString("en")} became right and ${down.toLocaleString("en")} became wrong. ` +
      `If neither prompt were better, a split at least this uneven among ${differ.toLocaleString("en")} would come up ${odds(p)} ` +
      `(McNemar's exact test, ${written(p)}). ${judged}`
    );
  }

  function draw() {
    const change = state.pinned && state.answer?.change;
    element.closest(".block").hidden = !change;
    if (!change) return;
    heading.textContent = `What changed since “${brief(state.pinned.templates, 50)}”`;
    words.textContent = test(change);
    better.draw(change.better);
    worse.draw(change.worse);
  }
}
