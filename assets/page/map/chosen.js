// What is selected on the maps: one picture with each model's answer and nearest pictures, or many with what they share.

import * as exports from "./export.js";
import { able, answerOf, choose, hits, indexOf, kindOf, labelOf, labelsOf, looks, placeOf, point, prompt, send, state, tab, tiles, wants } from "./state.js";
import { make } from "../shared/make.js";
import { NO_ANSWER, button, card, count, percent, rows } from "../shared/parts.js";
import { FAMILIES, titleOf } from "../shared/settings.js";

export function chosen(element) {
  const SHOWN = 120; // thumbnails of a selection
  const LISTED = 6; // labels named
  const heading = card(tab, element, "Selected", draw);
  const hint = make("p", "hl-hint");
  const one = make("div", "hl-one");
  const many = make("div", "hl-section");
  element.append(hint, one, many);

  // A thumbnail from its sheet, as a button.
  function tile(chosen) {
    const node = make("button", "hl-map-tile", "", { type: "button" });
    const canvas = make("canvas", "", "", { width: "48", height: "48", "aria-hidden": "true" });
    const words = make("span");
    node.append(canvas, words);
    const made = { node, drawn: null };
    node.addEventListener("click", () => chosen(made.index));
    node.addEventListener("pointerenter", () => point(made.index));
    node.addEventListener("pointerleave", () => point(null));
    made.draw = ({ index, caption, right }) => {
      made.index = index;
      const found = tiles.get(index);
      if (found && made.drawn !== found) canvas.getContext("2d").drawImage(found.image, found.x, found.y, found.w, found.h, 0, 0, 48, 48);
      if (!found && made.drawn) canvas.getContext("2d").clearRect(0, 0, 48, 48);
      made.drawn = found ?? null;
      words.textContent = caption ?? "";
      words.hidden = !caption;
      node.classList.toggle("hl-alien", right === false);
      node.title = `${described(index)}${right === false ? " (another label)" : ""}`;
      node.setAttribute("aria-label", node.title);
    };
    return made;
  }

  function described(index) {
    const { classes, conditions, names } = state.ready;
    return [classes[labelOf(index)], conditions[kindOf(index)], names[placeOf(index)]].filter(Boolean).join(", ");
  }

  // One picture.
  const left = make("div", "hl-one-picture");
  const image = make("img", "hl-one-image", "", { alt: "" });
  const words = make("div", "hl-one-words");
  const [name, file] = [make("p"), make("p", "hl-hint")];
  words.append(name, file);
  const open = button("Open in Explain", () => send(state.chosen[0]), "See where each model looks in this picture");
  left.append(image, words, open);
  const right = make("div", "hl-nearest");
  const legend = make("p", "hl-hint");
  right.append(legend);
  one.append(left, right);
  const strips = FAMILIES.map((family) => {
    const box = make("section", "hl-near", "", { "data-family": family, "aria-label": `Nearest to ${titleOf(family)}` });
    const top = make("h3");
    const list = make("div", "hl-map-tiles");
    box.append(top, list);
    right.append(box);
    return { family, box, top, fill: rows(list, () => tile((index) => choose([index]))) };
  });

  function drawOne(index) {
    const look = looks.get(index);
    const { classes, conditions } = state.ready;
    show(look?.src, described(index));
    name.textContent = [classes[labelOf(index)], conditions[kindOf(index)]].filter(Boolean).join(", ");
    file.textContent = state.ready.names[placeOf(index)];
    legend.textContent = "Each model’s nearest pictures, with their cosine similarity to this one. Red frame: another label.";
    drawNear((family) => {
      const answer = answerOf(family, index);
      const near = state.near?.index === index ? state.near.near?.[family] : null;
      const verdict = answer === labelOf(index) ? " ✓" : " ✗";
      const said = answer >= 0 ? `answers ${classes[answer]}${verdict}` : state.ready.models[family].answers ? `· ${NO_ANSWER}` : "";
      return { near, labels: [labelOf(index)], said };
    });
  }

  // The picture that was placed: it has no label, but its neighbours have.
  function drawPhoto(photo) {
    const { classes } = state.ready;
    show(photo.src, "your picture");
    [name.textContent, file.textContent] = ["your picture", ""];
    legend.textContent = "Each model’s nearest pictures of the set, with their cosine similarity to yours.";
    drawNear((family) => {
      const near = photo.marks?.[family];
      const labels = (near?.places ?? []).map((place) => labelOf(indexOf(place)));
      const often = (label) => labels.filter((each) => each === label).length;
      const most = labels.reduce((best, label) => (often(label) > often(best) ? label : best), labels[0]);
      return { near, labels: null, said: labels.length ? `· of its ${labels.length} nearest, ${often(most)} show “${classes[most]}”` : "" };
    });
  }

  // A prompt: what CLIP's joint space holds to be nearest to it.
  function drawPrompt(mark) {
    show("", "");
    [name.textContent, file.textContent] = [`“${mark.says}”`, ""];
    legend.textContent = "The pictures nearest to this prompt in CLIP’s joint space, with their cosine similarity to it. Red frame: another label.";
    const labels = labelsOf(mark);
    const said = `· of the ${mark.places.length} nearest, ${hits(mark)} show “${mark.label}”`;
    drawNear((family) => (family === state.prompts.family ? { near: mark, labels, said } : null));
  }

  function show(src, alt) {
    image.hidden = !src;
    if (src && image.src !== src) image.src = src;
    image.alt = alt;
  }

  // of: family → {near: {places, similarities}, labels: what they should show or null, said}; or null, to hide it.
  function drawNear(of) {
    const wanted = [];
    for (const { family, box, top, fill } of strips) {
      const found = able()[family] ? of(family) : null;
      box.hidden = !found;
      if (!found) continue;
      const { near, labels, said } = found;
      top.textContent = `${titleOf(family)} ${said}`;
      const shown = (near?.places ?? []).map((place, i) => ({ index: indexOf(place), similarity: near.similarities[i] }));
      fill(shown.map(({ index, similarity }) => ({ index, caption: similarity.toFixed(2), right: labels === null || labels.includes(labelOf(index)) })));
      wanted.push(...shown.map(({ index }) => index));
    }
    wants(wanted);
  }

  // Many pictures.
  const shares = make("p");
  const acts = make("div", "hl-acts");
  acts.append(
    button("CSV of these", () => exports.csv(state.chosen), "These pictures: labels, answers and places"),
    button("Clear", () => choose([])),
  );
  const list = make("div", "hl-map-tiles");
  const fill = rows(list, () => tile((index) => choose([index])));
  many.append(shares, acts, list);

  function drawMany(chosen) {
    const { classes } = state.ready;
    const counts = new Map();
    for (const index of chosen) counts.set(labelOf(index), (counts.get(labelOf(index)) ?? 0) + 1);
    const named = [...counts].sort((a, b) => b[1] - a[1]);
    const labels = named.slice(0, LISTED).map(([label, n]) => `${classes[label]} ${n.toLocaleString("en")}`).join(", ");
    const more = named.length > LISTED ? ` and ${count(named.length - LISTED, "more label")}` : "";
    const rights = FAMILIES.filter((family) => state.ready.models[family]?.answers).map((family) => {
      const n = chosen.filter((index) => answerOf(family, index) === labelOf(index)).length;
      const silent = chosen.every((index) => answerOf(family, index) < 0);
      return `${titleOf(family)} ${silent ? NO_ANSWER : percent(n / chosen.length)}`;
    });
    shares.textContent = `${labels}${more}. Right: ${rights.join(", ") || "no model can tell"}.`;
    const shown = chosen.slice(0, SHOWN);
    fill(shown.map((index) => ({ index })));
    wants(shown);
  }

  function draw() {
    const { chosen, ready } = state;
    const mark = prompt();
    const photo = !mark && !chosen.length && state.photo?.src ? state.photo : null;
    heading.textContent = mark ? "The selected prompt" : photo ? "Your picture" : chosen.length === 1 ? "The selected picture" : chosen.length ? `${count(chosen.length, "picture")} selected` : "Nothing selected yet";
    hint.textContent = chosen.length > SHOWN ? `The first ${SHOWN} are shown.` : chosen.length || photo || mark ? ""
      : "Click a point to see the picture and what lies nearest to it; draw around many with the lasso (or hold Shift and drag).";
    hint.hidden = !hint.textContent;
    one.hidden = !ready || (chosen.length !== 1 && !photo && !mark);
    many.hidden = !ready || chosen.length < 2;
    open.hidden = !chosen.length;
    if (!one.hidden) mark ? drawPrompt(mark) : photo ? drawPhoto(photo) : drawOne(chosen[0]);
    if (!many.hidden) drawMany(chosen);
  }
}
