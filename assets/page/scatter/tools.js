// The buttons above a map.

import { make } from "../shared/make.js";

export function scatterTools(map) {
  const ICONS = {
    lasso: "M8 2.5c3.6 0 6 1.7 6 3.9s-2.4 3.9-6 3.9-6-1.7-6-3.9 2.4-3.9 6-3.9ZM5 9.9c-1.4.8-1.6 2.3-.3 2.8 1 .4 1.2 1.3.4 2.1",
    nearer: "M8 3v10M3 8h10",
    farther: "M3 8h10",
    fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  };

  function icon(path) {
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [name, value] of [["viewBox", "0 0 16 16"], ["aria-hidden", "true"]]) drawing.setAttribute(name, value);
    line.setAttribute("d", path);
    drawing.append(line);
    return drawing;
  }

  function button(path, text, name, act) {
    const made = make("button", "hl-scatter-tool", "", { type: "button", "aria-label": name, title: name });
    made.append(icon(path), ...(text ? [make("span", "", text)] : []));
    made.addEventListener("click", act);
    return made;
  }

  const node = make("div", "hl-scatter-tools", "", { role: "group", "aria-label": "View and selection" });
  const lasso = button(ICONS.lasso, "Lasso", "Lasso: draw around pictures to select them (Shift and drag)", () => map.lassoMode());
  lasso.setAttribute("aria-pressed", "false");
  node.append(
    lasso,
    button(ICONS.farther, "", "Zoom out (−)", () => map.zoom(0.5)),
    button(ICONS.nearer, "", "Zoom in (+)", () => map.zoom(2)),
    button(ICONS.fit, "Fit", "Show all (0)", () => map.fit()),
  );
  return { node, draw: () => lasso.setAttribute("aria-pressed", String(map.lassoing)) };
}
