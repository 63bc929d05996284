// Small maps side by side: all heads of the layer, and all layers, of the column last touched. Click one to see it large.

import * as drawing from "../shared/canvas.js";
import { make } from "../shared/make.js";
import { sharpened } from "../shared/sharpened.js";
import { FAMILIES } from "../shared/settings.js";
import * as chosen from "./maps.js";
import { chooseMethod, drawers, pictures, set, state } from "./state.js";
import { methods } from "../shared/settings.js";

export function strips(element) {
  const top = make("div", "hl-strips-top");
  const choice = make("div", "hl-segments", "", { role: "group", "aria-label": "Whose heads and layers" });
  const chooser = Object.fromEntries(
    FAMILIES.map((family) => {
      const button = make("button", "", "", { type: "button", "data-family": family });
      button.addEventListener("click", () => set({ touched: family }));
      choice.append(button);
      return [family, button];
    }),
  );
  top.append(make("h2", "", "All at a glance"), choice);
  const heads = strip();
  const layers = strip();
  element.append(top, heads.box, layers.box);

  function strip() {
    const box = make("section", "hl-strip");
    const title = make("h3");
    const tiles = make("div", "hl-tiles");
    box.append(title, tiles);
    return { box, title, tiles, made: [] };
  }

  // One tile per map: {label, layer, head, method, chosen, choose}. Painted again only where what it shows is new.
  function fill(strip, title, wanted, column) {
    strip.title.textContent = title;
    while (strip.made.length > wanted.length) strip.made.pop().button.remove();
    while (strip.made.length < wanted.length) strip.made.push(tile(strip.tiles));
    wanted.forEach((want, i) => {
      const { button, canvas, label } = strip.made[i];
      strip.made[i].choose = want.choose;
      label.textContent = want.label;
      button.setAttribute("aria-pressed", String(want.chosen));
      const size = `${canvas.clientWidth} ${devicePixelRatio}`;
      const shows = [column.answer.asked, column.point?.asked, want.method, want.layer, want.head];
      const key = [column.family, ...shows, size, state.opacity, state.ownScale].join();
      const picture = pictures.get(column.answer.photo);
      if (strip.made[i].key === key || !picture) return;
      const { context, width, height } = sharpened(canvas);
      const map = chosen.current(column, want.layer, want.head, want.method);
      const box = drawing.frame(picture, width, height);
      drawing.paint(context, box, picture, map, column.answer.view, Math.max(0.75, state.opacity));
      strip.made[i].key = key;
    });
  }

  function tile(tiles) {
    const made = { button: make("button", "hl-tile", "", { type: "button" }), canvas: make("canvas"), label: make("span") };
    made.button.append(made.canvas, made.label);
    made.button.addEventListener("click", () => made.choose());
    tiles.append(made.button);
    return made;
  }

  // Methods without heads or layers leave the attention laid out: it is what there is to leaf through.
  function headTiles(column, layer) {
    const count = chosen.headsOf(column, layer);
    const shown = state.head > count ? 0 : state.head;
    return Array.from({ length: count + 1 }, (_, head) => ({
      label: head ? `head ${head}` : "mean",
      method: "attention", layer, head,
      chosen: state.method === "attention" && shown === head,
      choose: () => {
        set({ head });
        chooseMethod("attention");
      },
    }));
  }

  function layerTiles(column, shown, method) {
    const { layers } = column.answer;
    return Array.from({ length: layers }, (_, layer) => ({
      label: method === "rollout" ? `to ${layer + 1}` : `${layer + 1}`,
      method, layer, head: state.head,
      chosen: state.method === method && layer === shown,
      choose: () => {
        set({ depth: layers > 1 ? layer / (layers - 1) : 1 });
        chooseMethod(method);
      },
    }));
  }

  drawers.add(() => {
    const column = state.columns[state.touched];
    element.dataset.family = state.touched;
    for (const family of FAMILIES) {
      chooser[family].textContent = state.columns[family]?.title ?? family;
      chooser[family].setAttribute("aria-pressed", String(family === state.touched));
    }
    if (!column?.answer) {
      fill(heads, "Heads", [], column);
      fill(layers, "Layers", [], column);
      return;
    }
    const layer = chosen.layerOf(column);
    const from = state.point ? " from the pinned patch" : "";
    const place = `layer ${layer + 1} of ${column.answer.layers}`;
    const head = state.head && state.head <= chosen.headsOf(column, layer) ? `head ${state.head}` : "mean of heads";
    const method = methods[state.method].takes.includes("layer") ? state.method : "attention";
    const titles = { attention: `Attention layer by layer, ${head}${from}`, rollout: "Rollout up to each layer" };
    const title = titles[method] ?? `${methods[method].title} layer by layer`;
    fill(heads, `Attention heads of ${place}${from}`, headTiles(column, layer), column);
    fill(layers, title, layerTiles(column, layer, method), column);
  });
}
