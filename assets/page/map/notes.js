// What the method shows, and what its distances do not mean.

import { state, tab } from "./state.js";
import { make } from "../shared/make.js";
import { card } from "../shared/parts.js";

export function notes(element, { methods }) {
  const heading = card(tab, element, "What a map can tell", draw);
  const [means, cannot, measures] = [make("p"), make("p"), make("p")];
  const paper = make("a", "", "", { target: "_blank", rel: "noreferrer noopener" });
  measures.textContent =
    "Trustworthiness (Venna and Kaski 2001) is 1 when the nearest pictures on the map are also near in the embedding, about 0.5 for a random map. Same-label neighbours: of each picture's ten nearest, how many share its label, on the map and in the embedding; where the map has more, it flatters the model. Maps are turned, mirrored and scaled as a whole to lie over one another; nothing else is moved.";
  const lines = make("div", "hl-lesson");
  for (const [title, node] of [["What it shows", means], ["What it cannot", cannot], ["The numbers beneath", measures]]) {
    const part = make("section");
    part.append(make("h3", "", title), node);
    lines.append(part);
  }
  cannot.after(paper);
  element.append(lines);
  function draw() {
    const method = methods.find(({ key }) => key === state.method);
    heading.textContent = `${method.title}: what a map can tell`;
    means.textContent = method.means;
    cannot.textContent = method.cannot;
    paper.textContent = method.paper[0];
    paper.href = method.paper[1];
  }
}
