// What the method means, what it cannot tell, and its paper.

import { make } from "../shared/make.js";
import { methods } from "../shared/settings.js";
import { drawers, state } from "./state.js";

export function notes(element) {
  const title = make("h2");
  const means = make("p");
  const cannot = make("p");
  const paper = make("a", "", "", { target: "_blank", rel: "noreferrer noopener" });
  const scales = make("p", "hl-hint");
  element.append(title, means, cannot, scales, paper);
  drawers.add(() => {
    const method = methods[state.method];
    title.textContent = method.title;
    means.replaceChildren(make("strong", "", "What it shows. "), method.means);
    cannot.replaceChildren(make("strong", "", "What it cannot tell. "), method.cannot);
    paper.textContent = `Paper: ${method.paper[0]}`;
    paper.href = method.paper[1];
    scales.textContent = method.signed
      ? "Colours: blue lowers, white is zero, red raises. Values are in each model's own logits, with one scale per model: compare patches within a map, not sizes between models."
      : "Colours: multiples of an even share, so 1 × is what every patch would get if all got the same. All heads and layers of a model share one scale.";
  });
}
