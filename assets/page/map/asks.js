// The rail of the Map tab: which pictures, which embedding, how it is arranged, what the colours mean, what to put on it.

import * as colouring from "./colours.js";
import * as taken from "./export.js";
import { choosePrompt, drawers, edit, hits, labelsOf, play, prepare, removePhoto, set, state, steps, stop, turn } from "./state.js";
import { make } from "../shared/make.js";
import { button, rows } from "../shared/parts.js";
import { setPicker } from "../shared/set-picker.js";
import { FAMILIES, ranges } from "../shared/settings.js";

export function asks(element, { draws, methods }) {
  const { pictures, progress } = setPicker({ state, drawers, prepare, stop }, { draws, upload: "#map-file" });
  const POOLS = [
    ["answer", "The answer’s (CLIP: joint space)"],
    ["readout", "Readout, before any projection"],
    ["mean", "Mean of the patches"],
  ];
  const WORDS = { perplexity: "Perplexity", neighbors: "Neighbours", min_dist: "Least distance" };
  const STEPS = { min_dist: "0.05" };
  const SHORT = 10; // letters of a label that has room beside another

  const more = make("details", "hl-more hl-map-settings"); // on a phone the maps come first
  more.open = !window.matchMedia("(max-width: 720px)").matches;
  more.append(make("summary", "", "Layer, method, prompts …"), embedding(), layers(), arrangement(), prompts(), photo(), exports());
  element.append(pictures(), progress(), colours(), more);

  function labelled(label, node, className = "hl-choice") {
    const box = make("div", className);
    box.append(make("span", "hl-choice-label", label), node);
    return box;
  }

  function select(label, options, changed) {
    const list = make("select", "hl-select", "", { "aria-label": label });
    for (const [value, words] of options) list.append(make("option", "", words, { value }));
    list.addEventListener("change", () => changed(list.value));
    return list;
  }

  function embedding() {
    const list = select("Embedding", POOLS, (pool) => turn({ pool }));
    drawers.add(() => (list.value = state.pool));
    return labelled("Embedding", list);
  }

  // From the first layer to the last, of each model at the same relative depth.
  function layers() {
    const box = make("label", "hl-slider");
    const words = make("span", "hl-slider-words");
    const value = make("output");
    words.append(make("span", "", "Layer"), value);
    const field = make("input", "", "", { type: "range", min: "0", step: "1", "aria-label": "Layer" });
    const act = button("Play", play, "From the first layer to the last");
    act.classList.add("hl-play");
    const row = make("div", "hl-layer-row");
    row.append(field, act);
    box.append(words, row);
    field.addEventListener("input", () => turn({ depth: field.value / field.max, playing: false }));
    drawers.add(() => {
      field.max = String(steps() - 1);
      field.value = String(Math.round(state.depth * field.max));
      field.disabled = act.disabled = !state.ready;
      value.textContent = state.depth === 1 ? "last" : `${Number(field.value) + 1} of ${Number(field.max) + 1}`;
      act.textContent = state.playing ? "Stop" : "Play";
    });
    return box;
  }

  function arrangement() {
    const box = make("div", "hl-choice");
    const segments = make("div", "hl-segments", "", { role: "group", "aria-label": "Method" });
    const acts = methods.map(({ key, title, means }) => {
      const act = make("button", "", title, { type: "button", title: means });
      act.addEventListener("click", () => turn({ method: key }));
      segments.append(act);
      return [key, act];
    });
    const more = make("details", "hl-choice hl-options");
    more.append(make("summary", "", "Its settings"));
    const sliders = Object.entries(ranges).map(([name, [least, most]]) => {
      const slider = make("label", "hl-slider");
      const words = make("span", "hl-slider-words");
      const value = make("output");
      words.append(make("span", "", WORDS[name]), value);
      const field = make("input", "", "", { type: "range", min: String(least), max: String(most), step: STEPS[name] ?? "1", "aria-label": WORDS[name] });
      field.addEventListener("input", () => turn({ [name]: Number(field.value) }));
      slider.append(words, field);
      more.append(slider);
      return { name, slider, field, value };
    });
    const seed = make("input", "hl-field", "", { type: "number", min: "0", max: "999999", step: "1", "aria-label": "Seed" });
    seed.addEventListener("change", () => turn({ seed: Math.max(0, Math.floor(Number(seed.value) || 0)) }));
    const seeds = labelled("Seed: the same seed gives the same map", seed);
    more.append(seeds);
    box.append(make("span", "hl-choice-label", "Arranged by"), segments, more);
    drawers.add(() => {
      const { takes } = methods.find(({ key }) => key === state.method);
      for (const [key, act] of acts) act.setAttribute("aria-pressed", String(key === state.method));
      for (const { name, slider, field, value } of sliders) {
        slider.hidden = !takes.includes(name);
        field.value = String(state[name]);
        value.textContent = String(state[name]);
      }
      more.style.visibility = takes.length ? "" : "hidden"; // keeps its place
      if (!takes.length) more.open = false;
      if (document.activeElement !== seed) seed.value = String(state.seed);
    });
    return box;
  }

  function colours() {
    const box = make("div", "hl-choice");
    const list = select("Colour by", colouring.COLOURS, (colour) => set({ colour }));
    const legend = make("ol", "hl-legend-list", "", { "aria-label": "Colours" });
    const fill = rows(legend, () => {
      const item = make("li");
      const act = make("button", "", "", { type: "button" });
      const [swatch, words, count] = [make("i"), make("span"), make("span", "hl-share")];
      act.append(swatch, words, count);
      item.append(act);
      const made = { node: item };
      act.addEventListener("click", () => colouring.pick(made.entry));
      made.draw = (entry) => {
        made.entry = entry;
        swatch.style.background = entry.colour;
        swatch.className = entry.wrong ? "hl-cross" : "";
        words.textContent = words.title = entry.label;
        count.textContent = entry.count === null ? "" : entry.count.toLocaleString("en");
        act.title = `Select: ${entry.label}`;
        act.disabled = entry.count === null;
      };
      return made;
    });
    box.append(make("span", "hl-choice-label", "Colour by"), list, legend);
    drawers.add(() => {
      const kinds = state.ready?.conditions.length;
      [...list.options].find(({ value }) => value === "condition").disabled = !kinds;
      list.value = state.colour;
      const entries = state.ready ? colouring.legend() : [];
      legend.classList.toggle("hl-two", entries.length > 3 && entries.every(({ label }) => label.length <= SHORT));
      fill(entries);
    });
    return box;
  }

  function prompts() {
    const field = make("textarea", "hl-field", "", {
      rows: "2", "aria-label": "CLIP's templates on its map, one a line; {} stands for the class name", spellcheck: "false",
    });
    const says = make("p", "hl-hint hl-prompt-says", "", { "aria-live": "polite" });
    field.addEventListener("input", () => edit(field.value));
    const box = labelled("CLIP’s templates, on its map", field);
    const list = make("ol", "hl-legend-list", "", { "aria-label": "Prompts" });
    const fill = rows(list, promptRow);
    box.append(says, list);
    drawers.add(() => {
      if (document.activeElement !== field && field.value !== state.template) field.value = state.template;
      field.classList.toggle("hl-wrong", Boolean(state.wrong));
      says.textContent = state.wrong?.text || state.prompts.error || state.prompts.note || "◆ marks each class's prompt, among the pictures nearest to it; below, how many of those show the class.";
      says.classList.toggle("hl-trouble", Boolean(state.wrong || state.prompts.error));
      const { marks } = state.prompts;
      if (state.ready && state.prompts.waits) return; // the rows keep their places
      list.classList.toggle("hl-two", marks.length > 3 && marks.every(({ label }) => label.length <= SHORT));
      fill(marks);
    });
    return box;
  }

  // A prompt, and how many of the pictures nearest to it show its class; a click shows them.
  function promptRow() {
    const item = make("li");
    const act = make("button", "", "", { type: "button" });
    const [swatch, words, share] = [make("i", "hl-diamond"), make("span"), make("span", "hl-share")];
    act.append(swatch, words, share);
    item.append(act);
    const made = { node: item };
    act.addEventListener("click", () => choosePrompt(made.id));
    made.draw = (mark) => {
      made.id = mark.id;
      swatch.style.background = colouring.shade(labelsOf(mark)[0]);
      words.textContent = mark.label;
      share.textContent = `${hits(mark)} of ${mark.places.length}`;
      act.title = `“${mark.says}”: of the ${mark.places.length} pictures nearest to it, ${hits(mark)} show “${mark.label}”`;
      act.setAttribute("aria-label", act.title);
      act.setAttribute("aria-pressed", String(mark.id === state.prompt));
    };
    return made;
  }

  function photo() {
    const box = make("div", "hl-choice");
    const row = make("div", "hl-acts");
    const upload = button("Place a photo…", () => /** @type {HTMLElement} */ (document.querySelector("#map-photo"))?.click(), "Where would a picture of yours lie?");
    const remove = button("Remove", removePhoto);
    row.append(upload, remove);
    const says = make("p", "hl-hint", "", { "aria-live": "polite" });
    box.append(row, says);
    drawers.add(() => {
      upload.disabled = !state.ready;
      remove.hidden = !state.photo;
      says.textContent = state.photo?.error || (state.photo?.busy ? "Placing it when the maps stand…" : state.photo ? "Lines lead to the pictures nearest to it." : "");
      says.classList.toggle("hl-trouble", Boolean(state.photo?.error));
    });
    return box;
  }

  function exports() {
    const box = make("div", "hl-exports");
    const acts = [
      button("PNG", () => taken.png(), "The maps as a picture"),
      button("SVG", () => taken.svg(), "The maps as a drawing that stays sharp"),
      button("CSV", () => taken.csv(), "Every picture: its label, answers and places"),
    ];
    box.append(...acts);
    drawers.add(() => acts.forEach((act) => (act.disabled = !FAMILIES.some((family) => state.columns[family].map))));
    return box;
  }
}
