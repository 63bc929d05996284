// The questions: method, depth, head, target, how strongly the map covers the photo, and what to take away.

import * as exported from "./export.js";
import { goBack } from "./bring.js";
import { make } from "../shared/make.js";
import { button } from "../shared/parts.js";
import { limits, methods } from "../shared/settings.js";
import * as chosen from "./maps.js";
import { chooseMethod, chooseTarget, drawers, letGo, set, state } from "./state.js";

export function ask(element) {
  element.append(origin(), methodChoice());
  const depth = slider("Layer", (value, most) => set({ depth: most ? value / most : 1 }));
  const head = slider("Head", (value) => set({ head: value }));
  const opacity = slider("Map over photo", (value) => set({ opacity: value / 100 }));
  const more = make("details", "hl-more");
  more.open = !window.matchMedia("(max-width: 720px)").matches;
  more.append(make("summary", "", "Class, colours and export"), targetField(), opacity.box, scaleChoice(), exports());
  const dials = make("div", "hl-dials"); // on a phone they stay at the bottom of the screen, under the maps they change
  dials.append(depth.box, head.box);
  element.append(dials, more);

  // Where the picture came from, what that changes, and the way back.
  function origin() {
    const box = make("div", "hl-origin");
    const words = make("p", "hl-hint");
    const [back, all] = [button("", goBack), button("Choose among all it knows", letGo, "Each model's own classes again, for this photo")];
    box.append(words, back, all);
    drawers.add(() => {
      box.hidden = !state.from;
      if (!state.from) return;
      const { truth, names } = state.from;
      const tab = state.from.tab[0].toUpperCase() + state.from.tab.slice(1);
      const shows = truth ? `The picture shows “${truth}” (✓). ` : "";
      words.textContent = `${shows}${names.length ? `Every model chooses among the ${names.length.toLocaleString("en")} classes that ${tab} asked for.` : ""}`;
      back.textContent = `Back to ${tab}`;
      all.hidden = !names.length;
    });
    return box;
  }

  function methodChoice() {
    const group = make("fieldset", "hl-methods");
    group.append(make("legend", "", "Method"));
    for (const method of Object.values(methods)) {
      const label = make("label", "hl-method");
      const radio = make("input", "", "", { type: "radio", name: "hl-method", value: method.key });
      radio.addEventListener("change", () => chooseMethod(method.key));
      const words = make("span");
      words.append(make("strong", "", method.title), make("small", "", method.short));
      label.append(radio, words);
      group.append(label);
    }
    drawers.add(() => {
      for (const radio of group.querySelectorAll("input")) radio.checked = radio.value === state.method;
    });
    return group;
  }

  function slider(name, change) {
    const box = make("div", "hl-slider");
    const words = make("span", "hl-slider-words");
    const value = make("output");
    words.append(make("span", "", name), value);
    const input = make("input", "", "", { type: "range", min: "0", step: "1", "aria-label": name });
    input.addEventListener("input", () => change(Number(input.value), Number(input.max)));
    box.append(words, input);
    const show = (now, most, text, enabled = true) => {
      input.max = String(most);
      input.value = String(now);
      input.disabled = !enabled;
      input.style.setProperty("--filled", most ? now / most : 0);
      input.setAttribute("aria-valuetext", text);
      value.textContent = text;
    };
    return { box, show };
  }

  function targetField() {
    const box = make("div", "hl-target");
    const label = make("label", "", "Class to explain", { for: "hl-target" });
    const list = make("datalist", "", "", { id: "hl-classes" });
    const field = make("input", "hl-field", "", {
      id: "hl-target", type: "text", list: "hl-classes", placeholder: "each model's own answer",
      autocomplete: "off", spellcheck: "false", maxlength: String(limits.letters),
    });
    const clear = make("button", "hl-icon", "×", { type: "button", "aria-label": "Explain each model's own answer" });
    const row = make("div", "hl-typed");
    row.append(field, clear, list);
    const says = make("p", "hl-hint");
    box.append(label, row, says);
    field.addEventListener("change", () => {
      const name = field.value.trim();
      chooseTarget(name ? { name, family: null, index: null } : null);
    });
    clear.addEventListener("click", () => chooseTarget(null));
    let listed = "";
    drawers.add(() => {
      if (document.activeElement !== field) field.value = state.target?.name ?? "";
      says.textContent = methods[state.method].targeted ? "Or click an answer: why, or why not?" : `${methods[state.method].title} is the same for every class.`;
      clear.hidden = !state.target;
      const columns = Object.values(state.columns).filter((column) => column.answer);
      const key = columns.map((column) => column.answer.model + column.answer.labels.length + column.names).join();
      if (key === listed) return;
      listed = key;
      const names = new Set(columns.flatMap((column) => column.answer.labels));
      list.replaceChildren(...[...names].map((name) => make("option", "", "", { value: name })));
    });
    return box;
  }

  function scaleChoice() {
    const label = make("label", "hl-check");
    const box = make("input", "", "", { type: "checkbox" });
    label.append(box, make("span", "", "Stretch the colours of each map by itself"));
    label.title = "Otherwise all heads and layers of a model share one scale, and can be compared.";
    box.addEventListener("change", () => set({ ownScale: box.checked }));
    drawers.add(() => (box.checked = state.ownScale));
    return label;
  }

  function exports() {
    const row = make("div", "hl-exports", "", { role: "group", "aria-label": "Export" });
    /** @type {[text: string, title: string, act: () => void][]} */
    const ways = [
      ["Picture (PNG)", "The three maps with their words", () => exported.picture()],
      ["Arrays (NPZ)", "The raw numbers, for NumPy", () => exported.arrays()],
    ];
    for (const [text, title, act] of ways) {
      const button = make("button", "hl-button", text, { type: "button", title });
      button.addEventListener("click", act);
      drawers.add(() => (button.disabled = !Object.values(state.columns).some((c) => c.answer)));
      row.append(button);
    }
    return row;
  }

  drawers.add(() => {
    const { takes } = methods[state.method];
    const columns = Object.values(state.columns).filter((column) => column.answer);
    const layers = Math.max(1, ...columns.map((column) => column.answer.layers));
    const heads = Math.max(1, ...columns.map((column) => chosen.headsOf(column, chosen.layerOf(column))));
    const at = Math.round(state.depth * (layers - 1));
    const every = columns.every((column) => column.answer.layers === layers);
    const ends = { 0: "first", [layers - 1]: "last" };
    const place = every ? `${at + 1} of ${layers}` : ends[at] ?? `${Math.round(state.depth * 100)} % deep`;
    const there = columns.length > 0;
    if (there && takes.includes("layer")) depth.show(at, layers - 1, state.method === "rollout" ? `up to ${place}` : place);
    else depth.show(layers - 1, layers - 1, there ? methods[state.method].reads : "", false);
    const which = Math.min(state.head, heads);
    if (there && takes.includes("head")) head.show(which, heads, which ? `${which} of ${heads}` : "mean of all");
    else head.show(0, heads, there ? "all together" : "", false);
    opacity.show(Math.round(state.opacity * 100), 100, `${Math.round(state.opacity * 100)} %`);
  });
}
