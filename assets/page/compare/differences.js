// Which differences are real: of every two models the gap, its interval and McNemar's exact test, in plain words.

import { card, count, odds, points, rows, written } from "./parts.js";
import { rivals, state } from "./state.js";
import { make } from "../shared/make.js";
import { titleOf } from "../shared/settings.js";

export function differences(element) {
  card(element, "Which differences are real", draw);
  const list = make("ol", "hl-pairs");
  const three = make("p", "hl-test");
  const hint = make("p", "hl-hint", "Only pictures that one model has right and the other wrong can tell two models apart; the test asks how uneven that split is. A gap's interval is Newcombe's for the same pictures seen twice.");
  element.append(list, three, hint);

  const fill = rows(list, () => {
    const node = make("li");
    const top = make("h3");
    const gap = make("div", "hl-gap", "", { "aria-hidden": "true" });
    const [line, mark] = [make("i", "hl-gap-line"), make("i", "hl-gap-mark")];
    gap.append(make("i", "hl-gap-zero"), line, mark);
    const words = make("p");
    node.append(top, gap, words);
    return {
      node,
      draw: ({ title, text, from, to, at }) => {
        top.textContent = title;
        words.textContent = text;
        [line.style.left, line.style.width, mark.style.left] = [`${from}%`, `${to - from}%`, `${at}%`];
      },
    };
  });

  const signed = (value) => `${value < 0 ? "−" : value > 0 ? "+" : "±"}${points(Math.abs(value))}`;

  function told({ a, b, only_a, only_b, p, p_holm: holm, gap, low, high }, several, widest) {
    const [one, other, up, down] = gap >= 0 ? [a, b, only_a, only_b] : [b, a, only_b, only_a];
    const [least, most] = gap >= 0 ? [low, high] : [-high, -low];
    const title = gap === 0 ? `${titleOf(a)} and ${titleOf(b)} are right equally often` : `${titleOf(one)} is right ${points(Math.abs(gap))} points more often than ${titleOf(other)}`;
    const differ = up + down;
    const split = differ
      ? `${count(up, "picture")} only ${titleOf(one)} has right, ${count(down, "picture")} only ${titleOf(other)}. Were they equally good, a split at least this uneven would come up ${odds(p)} (McNemar's exact test, ${written(p)}${several ? `; corrected for ${several} comparisons, ${written(holm)}` : ""}).`
      : "They are right and wrong on the same pictures.";
    const real = (several ? holm : p) < 0.05;
    const bolder = !real && low * high > 0; // the interval and the test may differ at the edge
    const judged = !differ ? "" : real ? " That is unlikely to be chance alone." : bolder
      ? ` That may well be chance: the interval is ${several ? "for this pair alone and " : ""}a little bolder than the exact test, which decides here.`
      : " That may well be chance.";
    const place = (value) => 50 + (45 * value) / widest;
    return { title, text: `The true gap is likely between ${signed(least)} and ${signed(most)} points. ${split}${judged}`, from: place(least), to: place(most), at: place(Math.abs(gap)) };
  }

  function draw() {
    const { answer } = state;
    element.closest(".block").hidden = !answer?.pairs.length;
    if (!answer?.pairs.length) return;
    const { pairs, cochran } = answer;
    const widest = Math.max(0.01, ...pairs.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]));
    fill(pairs.map((pair) => told(pair, pairs.length > 1 ? pairs.length : 0, widest)));
    three.hidden = !cochran;
    if (cochran) {
      const judged = cochran.p < 0.05 ? "at least one differs from the others" : "these pictures do not tell them apart";
      three.textContent = `All together: were the ${rivals().length} models equally good, differences as large as these would come up ${odds(cochran.p)} (Cochran's Q = ${cochran.q.toFixed(2)}, ${written(cochran.p)}): ${judged}.`;
    }
  }
}
