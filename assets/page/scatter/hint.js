// What a wheel would do, said for a moment where it scrolled the page.

import { make } from "../shared/make.js";

export function scatterHint() {
  const STAYS = 1600; // ms
  const node = make("p", "hl-scatter-hint", "", { "aria-hidden": "true" });
  let hiding = 0;
  function show() {
    node.textContent = "Click the map to zoom with the wheel";
    node.classList.add("hl-shown");
    clearTimeout(hiding);
    hiding = setTimeout(() => node.classList.remove("hl-shown"), STAYS);
  }
  return { node, show, stop: () => clearTimeout(hiding) };
}
