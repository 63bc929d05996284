// Pieces that several tabs draw with: rates in words, bars with intervals, small pictures with their likeliest classes.

import { make } from "./make.js";
import * as wording from "./wording.js";

const points = (rate) => (100 * rate).toFixed(1);
const percent = (rate) => (rate === null || rate === undefined ? "–" : `${points(rate)} %`);
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

const NO_ANSWER = "no answer"; // of a model that cannot tell the classes apart

// The rate of a share of pictures; or why it has none.
const rated = ({ rate, total }) => (rate !== null ? percent(rate) : total ? NO_ANSWER : "no picture");
// "(79.1–87.0, n = 320)"; without a rate there is no interval.
const range = ({ rate, low, high, total }) =>
  `(${rate === null ? "" : `${points(low)}–${points(high)}, `}n = ${total.toLocaleString("en")})`;
// "83.4 % (79.1–87.0, n = 320)"
const doubt = (share) => (share.total ? `${rated(share)} ${range(share)}` : rated(share));
// How many points a rate moved by: "+1.2", "−0.3", "±0.0".
const moved = (by) => `${by < 0 ? "−" : by > 0 ? "+" : "±"}${points(Math.abs(by))}`;

// A bar from 0 to 100 % with its interval, a tick where the pinned prompt stands, and a line at chance.
function bar() {
  const node = make("div", "hl-rate", "", { "aria-hidden": "true" });
  const [fill, whisker, chance, pinned] = ["fill", "whisker", "chance", "pinned"].map((part) => make("i", `hl-rate-${part}`));
  node.append(fill, whisker, chance, pinned);
  const place = (part, at) => {
    part.hidden = at === null || at === undefined;
    if (!part.hidden) part.style.left = `${100 * at}%`;
  };
  const draw = (share, guess, before) => {
    fill.style.width = `${100 * (share?.rate ?? 0)}%`;
    place(whisker, share?.rate === null ? null : share?.low);
    if (share) whisker.style.width = `${100 * (share.high - share.low)}%`;
    place(chance, guess);
    place(pinned, before);
  };
  return { node, draw };
}

// Rows of {name, share}: kept and filled again, so that bars move and nothing jumps.
function rows(list, fill) {
  const made = [];
  return (wanted) => {
    while (made.length > wanted.length) made.pop().node.remove();
    while (made.length < wanted.length) {
      const row = fill();
      made.push(row);
      list.append(row.node);
    }
    wanted.forEach((want, i) => made[i].draw(want));
  };
}

// The five likeliest classes of a picture. The true one is marked in words for those who see no colour.
function five(small = false) {
  const node = make("ol", small ? "hl-five hl-five-small" : "hl-five");
  const draw = rows(node, () => {
    const item = make("li");
    const [fill, label, share] = [make("i", "hl-fill"), make("span", "hl-label"), make("span", "hl-share")];
    item.append(fill, label, share);
    return {
      node: item,
      draw: ({ label: name, probability, right }) => {
        fill.style.width = `${100 * probability}%`;
        label.textContent = right ? `✓ ${name}` : name;
        item.classList.toggle("hl-right", Boolean(right));
        share.textContent = small ? `${Math.round(100 * probability)}` : wording.percent(probability);
        item.title = `${name}: ${wording.percent(probability)}`;
      },
    };
  });
  return { node, draw: (top, truth) => draw(top.map((each) => ({ ...each, right: each.label === truth }))) };
}

// Small pictures; look(picture) is what a click on one does, told what it does in `means`. caption(picture): words under it.
function tiles({ look, means, caption, bars = true }) {
  const node = make("div", "hl-pictures");
  const draw = rows(node, () => {
    const tile = make("button", "hl-picture-tile", "", { type: "button" });
    const image = make("img", "", "", { alt: "", loading: "lazy" });
    const words = make("span");
    const top = five(true);
    tile.append(image, words);
    if (bars) tile.append(top.node);
    const made = { node: tile };
    tile.addEventListener("click", () => look(made.picture));
    made.draw = (picture) => {
      made.picture = picture;
      if (image.src !== picture.src) image.src = picture.src;
      image.alt = `${picture.truth}${picture.condition ? `, ${picture.condition}` : ""}`;
      tile.title = `${picture.name}: ${means}`;
      words.textContent = caption(picture);
      if (bars) top.draw(picture.top, picture.truth);
    };
    return made;
  });
  return { node, draw };
}

// A card with a heading; draw is called whenever anything of its tab changed. stale(): whether figures are out of date.
function card(tab, element, title, draw, stale = () => false) {
  const heading = make("h2", "", title);
  element.append(heading);
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", title);
  tab.drawers.add(() => {
    element.classList.toggle("hl-stale", stale());
    draw();
  });
  return heading;
}

const button = (text, act, title = "") => {
  const node = make("button", "hl-button", text, { type: "button" });
  if (title) node.title = title;
  node.addEventListener("click", act);
  return node;
};

// How often chance alone does as much, in words.
function odds(p) {
  if (p < 0.0005) return "less than 1 time in 2,000";
  if (p > 0.995) return "every time";
  if (p < 0.01) return `${Math.round(p * 1000)} times in 1,000`;
  return `${Math.round(p * 100)} times in 100`;
}

const written = (p) => (p < 0.0005 ? "p < 0.0005" : `p = ${p.toFixed(3)}`);

export { NO_ANSWER, points, percent, rated, count, doubt, range, moved, bar, rows, five, tiles, card, button, odds, written };
