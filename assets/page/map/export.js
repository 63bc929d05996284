// What people take away from the maps: a picture, a drawing, and a table of every place.

import * as colours from "./colours.js";
import { answerOf, kindOf, labelOf, placeOf, state } from "./state.js";
import { csv as written, save } from "../shared/saving.js";
import { FAMILIES, titleOf } from "../shared/settings.js";

const scatters = {}; // family → its scatter

const shown = () => FAMILIES.filter((family) => state.columns[family].map && scatters[family]);
const name = () => `headlight-map-${state.columns[shown()[0]].map.settings.method}`;

// The settings a map was made with, those that its method reads.
function made({ settings }) {
  const { method, seed, perplexity, neighbors, min_dist: least } = settings;
  const words = { tsne: `t-SNE, perplexity ${perplexity}, seed ${seed}`, umap: `UMAP, ${neighbors} neighbours, least distance ${least}, seed ${seed}` };
  return words[method] ?? "PCA";
}

function caption(family) {
  const { map } = state.columns[family];
  const { trustworthiness, purity } = map.quality;
  const told = [trustworthiness === null ? "" : `trustworthiness ${trustworthiness.toFixed(2)}`, purity === null ? "" : `same-label neighbours ${Math.round(100 * purity)} %`];
  return [map.space, ...told].filter(Boolean).join(", ");
}

const about = (family) => ({
  title: `${titleOf(family)} ${state.models[family]}`,
  caption: `${state.ready.title}, ${state.ready.pictures.toLocaleString("en")} pictures; ${caption(family)}; ${made(state.columns[family].map)}`,
  legend: colours.legend(),
});

async function png() {
  const pictures = await Promise.all(shown().map(async (family) => createImageBitmap(await scatters[family].png(about(family)))));
  const canvas = document.createElement("canvas");
  canvas.width = pictures.reduce((sum, { width }) => sum + width, 0);
  canvas.height = Math.max(...pictures.map(({ height }) => height));
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  let x = 0;
  for (const picture of pictures) {
    context.drawImage(picture, x, 0);
    x += picture.width;
  }
  canvas.toBlob((blob) => save(blob, `${name()}.png`));
}

// The maps side by side in one drawing.
function svg() {
  const drawings = shown().map((family) => new DOMParser().parseFromString(scatters[family].svg(about(family)), "image/svg+xml").documentElement);
  const sheet = document.implementation.createDocument("http://www.w3.org/2000/svg", "svg");
  let x = 0;
  for (const drawing of drawings) {
    drawing.setAttribute("x", String(x));
    x += Number(drawing.getAttribute("width"));
    sheet.documentElement.append(sheet.adoptNode(drawing));
  }
  sheet.documentElement.setAttribute("width", String(x));
  sheet.documentElement.setAttribute("height", String(Math.max(...drawings.map((drawing) => Number(drawing.getAttribute("height"))))));
  save(new XMLSerializer().serializeToString(sheet), `${name()}.svg`, "image/svg+xml");
}

function csv(indices = state.ready.chosen.map((_, index) => index)) {
  const { classes, conditions, names } = state.ready;
  const families = shown();
  const head = ["file", "label", "condition", ...families.flatMap((family) => [`${family}_answer`, `${family}_x`, `${family}_y`])];
  const rows = indices.map((index) => [
    names[placeOf(index)],
    classes[labelOf(index)],
    conditions[kindOf(index)] ?? "",
    ...families.flatMap((family) => {
      const { points } = state.columns[family].map;
      return [classes[answerOf(family, index)] ?? "", points[2 * index], points[2 * index + 1]];
    }),
  ]);
  save(written([head, ...rows]), `${name()}.csv`, "text/csv;charset=utf-8");
}

export { scatters, png, svg, csv };
