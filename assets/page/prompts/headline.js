// The template, and beside it the number it comes to: what this tab is about.

import { promptField } from "./field.js";
import { NO_ANSWER, bar, brief, button, card, count, doubt, moved, percent, range, rated, rows } from "./parts.js";
import { ask, attempt, confirm, drawers, edit, halve, pin, state, wording } from "./state.js";
import { make } from "../shared/make.js";

export function headline(element, { presets }) {

  const QUICK = /^(plain|teaching|blurred|conditions|seven)/; // presets that stand below the box as well
  const heading = card(element, "Templates, and how often they are right", draw);
  heading.className = "hl-spoken";
  const [left, right] = [make("div", "hl-templates"), make("div", "hl-result")];
  element.append(left, right);

  // The templates.
  const top = make("div", "hl-choice-top");
  const label = make("label", "hl-choice-label", "Templates, one a line; {} is the class name", { for: "hl-prompts-templates" });
  const start = make("select", "hl-select hl-presets", "", { "aria-label": "Start from a preset" });
  top.append(label, start);
  const field = promptField("templates", { id: "hl-prompts-templates", rows: "4", "aria-label": "Templates, one a line; {} stands for the class name" });
  field.box.addEventListener("input", () => edit({ templates: field.box.value }));
  start.addEventListener("change", () => {
    if (start.value) ask("preset", { key: start.value });
    start.value = "";
  });
  const quick = make("div", "hl-quick", "", { role: "group", "aria-label": "Templates to try" });
  const leave = leaveOneOut();
  left.append(make("p", "hl-hint", "CLIP answers with the sentence that fits a picture best. Change the sentence, and watch how often it is right."), top, field.node, quick, leave.node);

  // The number.
  const figure = make("p", "hl-big", "", { "aria-live": "polite" });
  const [rate, spread] = [make("strong"), make("span", "", "", { title: "95 % of the time, an interval made like this (Wilson's) holds the true accuracy; n is the number of pictures" })];
  figure.append(rate, " ", spread);
  const overall = bar();
  const legend = make("p", "hl-hint hl-legend");
  const means = make("p", "hl-hint hl-means");
  const trouble = make("p", "hl-trouble");
  const pins = make("div", "hl-pins");
  const pinned = make("p", "hl-delta");
  const pinButton = button("Pin this prompt", () => pin(wording()), "Compare everything that follows with it");
  const unpin = button("Unpin", () => pin(null));
  pins.append(pinButton, unpin, pinned);
  right.append(figure, overall.node, legend, means, trouble, pins, halves());
  fillPresets();

  function fillPresets() {
    start.append(make("option", "", "Presets…", { value: "" }));
    const groups = new Map();
    for (const { key, group, title, told } of presets) {
      if (!groups.has(group)) {
        groups.set(group, make("optgroup", "", "", { label: group }));
        start.append(groups.get(group));
      }
      groups.get(group).append(make("option", "", title, { value: key, title: told }));
      if (QUICK.test(key)) quick.append(button(title, () => ask("preset", { key }), told));
    }
  }

  function draw() {
    field.draw(state.templates);
    const { answer, error } = state;
    element.setAttribute("aria-busy", String(state.busy));
    rate.textContent = answer ? rated(answer.overall) : "–";
    spread.textContent = answer ? range(answer.overall) : "";
    const chance = answer ? 1 / answer.classes.length : null;
    overall.draw(answer?.overall, chance, answer?.change?.overall.rate);
    const told = answer?.overall.rate === null ? answer.note : "of the pictures right.";
    legend.textContent = answer ? `${told} ┊ guessing: ${percent(chance)}${answer.change ? ` · ▾ pinned: ${rated(answer.change.overall)}` : ""}` : "";
    const { macro, weighted } = answer ?? {};
    const absent = answer?.per_class.filter(({ total }) => !total).map(({ name }) => name) ?? [];
    const zero = absent.length ? ` No picture shows ${absent.slice(0, 3).join(", ")}${absent.length > 3 ? " …" : ""}: where it is answered it counts as 0.` : "";
    means.textContent = answer && answer.overall.rate !== null
      ? `${answer.note ? `${answer.note} ` : ""}Macro, every class alike: precision ${percent(macro.precision)}, recall ${percent(macro.recall)}, F1 ${percent(macro.f1)}. Weighted by class size: F1 ${percent(weighted.f1)}.${zero}`
      : "";
    trouble.textContent = error;
    trouble.hidden = !error;
    pinButton.disabled = !answer || state.stale;
    unpin.hidden = !state.pinned;
    pinned.textContent = !state.pinned ? "Pin it, change it, and see which pictures flip." : answer?.change ? since(answer) : "";
    leave.draw();
  }

  // How far the number moved from the pinned prompt's; nothing where one of the two has none.
  function since({ overall, change }) {
    const before = change.overall.rate;
    if (overall.rate === null || before === null) return "";
    const { templates, model } = state.pinned;
    return `${moved(overall.rate - before)} points since “${brief(templates, 40)}”${model !== state.model ? ` with ${model}` : ""}`;
  }

  // The warning, and the way out.
  function halves() {
    const box = make("div", "hl-halves");
    const words = make("p", "hl-hint");
    const acts = make("div", "hl-acts");
    const split = button("", () => halve(!state.split));
    const final = button("Score the confirm half", confirm);
    const found = make("p", "hl-confirmed", "", { role: "status" });
    acts.append(split, final);
    box.append(words, acts, found);
    drawers.add(() => {
      words.textContent = state.split
        ? `These figures are of the choose half${state.answer ? `, ${count(state.answer.overall.total, "picture")}` : ""}. Choose by it, then look at the other half once.`
        : "Choosing a prompt on the pictures it is scored on flatters it. Choose on one half, confirm on the other.";
      split.textContent = state.split ? "Back to all pictures" : "Split into two halves";
      split.title = state.split ? "" : "Every other picture of each class and condition, always the same ones";
      final.hidden = !state.split;
      final.disabled = state.stale || Boolean(state.wrong);
      const { confirmed, looks } = state;
      found.hidden = !state.split;
      found.textContent = confirmed?.overall
        ? `Confirm half: ${doubt(confirmed.overall)}. ${looks === 1 ? "Your first look at it." : `You looked ${looks} times; each look makes it less of a test.`}`
        : confirmed?.error || confirmed?.wrong?.text || "";
    });
    return box;
  }

  // Which template of an ensemble carries it.
  function leaveOneOut() {
    const node = make("details", "hl-leave");
    const list = make("ol");
    const hint = make("p", "hl-hint");
    node.append(make("summary", "", "Leave one template out"), hint, list);
    node.addEventListener("toggle", () => {
      if (state.leaving === node.open) return;
      state.leaving = node.open;
      if (node.open) attempt();
    });
    const fill = rows(list, () => {
      const item = make("li");
      const [words, value] = [make("span", "hl-leave-words"), make("span", "hl-share")];
      item.append(words, value);
      return {
        node: item,
        draw: ({ template, rate: without, overall: all }) => {
          words.textContent = words.title = template;
          const by = without === null || all === null ? "" : ` (${moved(without - all)})`;
          value.textContent = `${without === null ? NO_ANSWER : percent(without)} without it${by}`;
        },
      };
    });
    const drawLeave = () => {
      const several = (state.answer?.templates.length ?? 0) > 1;
      hint.textContent = several
        ? "Accuracy without each template in turn. One that lowers it when left out helps; differences smaller than the interval mean little."
        : "With two templates or more, this shows accuracy without each of them in turn.";
      const left = (several && state.answer.leave_out) || [];
      fill(left.map((each) => ({ ...each, overall: state.answer.overall.rate })));
    };
    return { node, draw: drawLeave };
  }
}
