// The five likeliest answers with their probabilities; click one to make it the class that is explained.

import { make } from "../shared/make.js";
import * as wording from "../shared/wording.js";
import { chooseTarget, state } from "./state.js";

export function answerList(column) {
  const ROWS = 5;
  const node = make("ol", "hl-answers", "", { "aria-label": `${column.title}: its five likeliest answers` });
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const item = make("li");
    const button = make("button", "hl-answer", "", { type: "button" });
    const [fill, label, share] = [make("i", "hl-fill"), make("span", "hl-label"), make("span", "hl-share")];
    button.append(fill, label, share);
    button.addEventListener("click", () => choose(i));
    item.append(button);
    node.append(item);
    return { button, fill, label, share };
  });

  function choose(i) {
    const { index, label } = column.answer.top[i];
    const again = state.target && index === column.answer.target.index;
    chooseTarget(again ? null : { name: label, index, family: column.family });
  }

  function draw() {
    rows.forEach(({ button, fill, label, share }, i) => {
      const answer = column.answer?.top[i];
      const explained = answer?.index === column.answer?.target.index && Boolean(answer);
      button.classList.toggle("hl-skeleton", !answer && column.busy);
      button.disabled = !answer;
      button.setAttribute("aria-pressed", String(explained));
      button.title = !answer ? "" : explained ? `${answer.label}: explained now` : `Explain “${answer.label}”`;
      label.textContent = answer?.label ?? "";
      share.textContent = answer ? wording.percent(answer.probability) : "";
      fill.style.width = answer ? `${answer.probability * 100}%` : "";
      fill.hidden = !answer;
    });
  }

  return { node, draw };
}
