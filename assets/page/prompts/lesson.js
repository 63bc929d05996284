// What to learn here, with its sources.

import { card } from "./parts.js";
import { make } from "../shared/make.js";

export function lesson(element, { lesson }) {
  card(element, "What to learn here", () => {});
  const columns = make("div", "hl-lesson");
  for (const [title, text, sources] of lesson) {
    const part = make("section");
    const read = make("p", "hl-hint", "Sources: ");
    sources.forEach(([name, address], i) => {
      if (i) read.append(", ");
      read.append(make("a", "", name, { href: address, target: "_blank", rel: "noreferrer noopener" }));
    });
    part.append(make("h3", "", title), make("p", "", text), read);
    columns.append(part);
  }
  element.append(columns);
}
