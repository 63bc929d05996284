// One model's map: its checkpoint, the pictures as it arranges them, and how far that may be trusted.

import * as colours from "./colours.js";
import * as exports from "./export.js";
import { answerOf, arrangeAll, choose, drawers, first, indexOf, kindOf, labelOf, labelsOf, looks, placeOf, point, pointers, prepare, prompt, send, state, stopArranging, tab, tiles, wants } from "./state.js";
import { scatter as newScatter } from "../scatter/scatter.js";
import { choice } from "../shared/choice.js";
import { make } from "../shared/make.js";
import { settings } from "../shared/settings.js";
import { NO_ANSWER, button, percent } from "../shared/parts.js";
import * as wording from "../shared/wording.js";

export function column(element, { family }) {
  const { title, checkpoints: models } = settings.families[family];
  const column = state.columns[family];
  element.dataset.family = family;
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", title);

  const top = make("header", "hl-column-top");
  top.append(make("h2", "hl-column-title", title), checkpoint());
  const frame = make("div", "hl-map-frame");
  const over = make("div", "hl-over");
  const notice = make("div", "hl-notice");
  const words = make("p");
  const bar = make("progress", "", "", { max: "1", "aria-label": `${title}'s map` });
  const act = button("", () => (column.busy ? stopArranging() : arrangeAll()));
  notice.append(words, bar, act);
  over.append(notice);
  const which = make("p", "hl-map-which");
  const trust = make("p", "hl-map-trust");
  const remarks = make("p", "hl-hint hl-map-remarks");
  element.append(top, frame, which, trust, remarks);

  function checkpoint() {
    const here = models.filter((each) => each.here).map((each) => ({ ...each, title: `${each.name} · ${each.title}` }));
    const groups = [["On this computer", here], ["Well known, downloaded once", models.filter((each) => !each.here)]];
    const { box } = choice(tab, `${title} checkpoint`, groups, "owner/name on the Hub", () => state.models[family], (model) => {
      if (model !== state.models[family]) prepare({ models: { ...state.models, [family]: model } });
    });
    box.classList.add("hl-checkpoint");
    return box;
  }

  function described(index) {
    if (!state.ready) return [""];
    const { classes, conditions, names } = state.ready;
    const answer = answerOf(family, index);
    const lines = [[classes[labelOf(index)], conditions[kindOf(index)]].filter(Boolean).join(", ")];
    if (state.ready.models[family]?.answers) lines.push(`${title}: ${answer < 0 ? NO_ANSWER : `${classes[answer]} ${answer === labelOf(index) ? "✓" : "✗"}`}`);
    lines.push(names[placeOf(index)].split("/").pop());
    return lines;
  }

  const scatter = newScatter({
    label: `${title}: a map of the pictures`,
    thumbnail: (index) => tiles.get(index),
    wants,
    card: (index) => {
      const [name, ...lines] = described(index);
      return { title: name, lines, src: looks.get(index)?.src };
    },
    describe: (index) => described(index).join(", "),
    hover: point,
    select: choose,
    open: send,
    moved: (view) => {
      state.view = view;
      pointers.forEach((show) => show());
    },
  });
  exports.scatters[family] = scatter;
  pointers.add(() => scatter.set({ hovered: state.hover, view: state.view }));
  frame.append(scatter.node, over);

  function marks() {
    const prompts = column.map?.joint ? state.prompts.marks.map((mark) => ({ ...mark, id: `prompt ${mark.id}`, kind: "prompt", colour: colours.shade(labelsOf(mark)[0]) })) : [];
    const placed = state.photo?.marks?.[family];
    return placed ? [{ id: "photo", kind: "photo", x: placed.x, y: placed.y, label: "your photo", src: state.photo.src }, ...prompts] : prompts;
  }

  const lines = (id, mark) => (mark?.places ?? []).map((place) => [id, indexOf(place)]);

  let drawn = null; // the map whose points are in the scatter
  function draw() {
    const { map, error, busy, done, doing } = column;
    const { ready, preparing } = state;
    const waiting = !map && (busy || preparing);
    const sentence = error || (waiting ? (busy && doing ? doing : "Getting the pictures ready") : state.trouble && !map ? "No pictures to arrange yet." : "");
    over.hidden = !sentence && !busy;
    notice.classList.toggle("hl-bare", Boolean(map));
    notice.classList.toggle("hl-alert", Boolean(error) && error !== "Stopped.");
    words.textContent = sentence || doing || (busy ? "Arranging the pictures" : "");
    bar.hidden = !busy;
    if (done) bar.value = done;
    else bar.removeAttribute("value");
    act.hidden = !busy && !error;
    act.textContent = busy ? "Cancel" : "Try again";
    element.classList.toggle("hl-busy", busy && Boolean(map));
    if (map && ready) {
      scatter.set({
        ...(map !== drawn ? { points: map.points, fresh: !drawn } : {}),
        ...colours.of(family),
        hovered: state.hover,
        selected: state.chosen,
        view: state.view,
        marks: marks(),
        links: [...lines("photo", state.photo?.marks?.[family]), ...(map.joint && prompt() ? lines(`prompt ${prompt().id}`, prompt()) : [])],
      });
      scatter.draw();
      drawn = map;
    } else if (drawn) {
      scatter.set({ points: new Float32Array(0), marks: [], links: [] });
      drawn = null;
    }
    drawWords(map);
  }

  // Its answers come from the last layer: under the map of another they would be taken for that one's.
  function answersOf({ accuracy }) {
    if (accuracy === undefined) return "";
    return accuracy === null ? NO_ANSWER : `${percent(accuracy)} of its answers are right`;
  }

  function drawWords(map) {
    if (!map) {
      [scatter.heading, which, trust, remarks].forEach((node) => (node.textContent = ""));
      return;
    }
    const { quality, overlap, notes } = map;
    const told = state.ready.models[family];
    scatter.heading.textContent = scatter.heading.title = map.space;
    which.textContent = map.settings.depth < 1 ? "" : answersOf(told ?? {});
    const neighbours = quality.purity === null ? "" : `same-label neighbours ${percent(quality.purity)} on the map, ${percent(quality.embedding_purity)} in the embedding (chance ${percent(quality.chance)})`;
    const trusted = quality.trustworthiness === null ? "" : `trustworthiness ${quality.trustworthiness.toFixed(2)}${quality.sampled < state.ready.pictures ? ` (at ${quality.sampled.toLocaleString("en")} of them)` : ""}`;
    const spread = map.explained === null ? "" : `the two axes hold ${percent(map.explained)} of all variance`;
    trust.textContent = [spread, trusted, neighbours].filter(Boolean).join(" · ");
    const same = overlap ? `Of each picture's ${quality.k} nearest, ${map.with}’s last layer agrees on ${percent(overlap.share)} (chance ${wording.percent(overlap.chance)}).` : "";
    const laid = !overlap && family === first() ? "The other maps are turned and scaled as a whole to lie over this one." : "";
    const unknown = told?.unknown?.length ? `It has no label for ${told.unknown.slice(0, 3).join(", ")}${told.unknown.length > 3 ? " …" : ""}: those pictures count as wrong.` : "";
    const silent = told?.silent ?? "";
    remarks.textContent = remarks.title = [...notes, same, laid, unknown, silent].filter(Boolean).join(" ");
  }

  drawers.add(draw);
}
