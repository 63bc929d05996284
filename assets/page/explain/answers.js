// The five likeliest answers with their probabilities; click one to make it the class that is explained.

import { make } from "../shared/make.js";
import * as wording from "../shared/wording.js";
import { chooseTarget, state } from "./state.js";

export function answerList(column) {
  const ROWS = 5;
  const ROOM = 2; // rows that make room for the sentence on why there is no answer
  const node = make("div", "hl-answers-box");
  const none = make("p", "hl-no-answer", "", { role: "status" });
  const list = make("ol", "hl-answers", "", { "aria-label": `${column.title}: its five likeliest answers` });
  node.append(none, list);
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const item = make("li");
    const button = make("button", "hl-answer", "", { type: "button" });
    const [fill, label, share] = [make("i", "hl-fill"), make("span", "hl-label"), make("span", "hl-share")];
    button.append(fill, label, share);
    button.addEventListener("click", () => choose(i));
    item.append(button);
    list.append(item);
    return { item, button, fill, label, share };
  });

  function choose(i) {
    const { index, label } = column.answer.top[i];
    const again = state.target && index === column.answer.target.index;
    chooseTarget(again ? null : { name: label, index, family: column.family });
  }

  function draw() {
    none.textContent = none.title = column.answer?.no_answer ?? "";
    none.hidden = !none.textContent;
    rows.forEach(({ item, button, fill, label, share }, i) => {
      item.hidden = !none.hidden && i >= ROWS - ROOM;
      const answer = column.answer?.top[i];
      const explained = answer?.index === column.answer?.target.index && Boolean(answer);
      button.classList.toggle("hl-skeleton", !answer && column.busy);
      button.disabled = !answer;
      button.setAttribute("aria-pressed", String(explained));
      button.title = !answer ? "" : explained ? `${answer.label}: explained now` : `Explain “${answer.label}”`;
      const right = answer && answer.label === state.from?.truth;
      label.textContent = right ? `✓ ${answer.label}` : (answer?.label ?? "");
      share.textContent = answer ? wording.percent(answer.probability) : "";
      fill.style.width = answer ? `${answer.probability * 100}%` : "";
      fill.hidden = !answer;
    });
  }

  return { node, draw };
}
