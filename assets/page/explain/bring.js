// Ctrl+V anywhere on the page brings the copied picture in, and so does dropping a file anywhere.
// gr.Image has a file field for its own drop zone; giving that field the file is all it takes.

import { openTab, unchosen } from "../shared/visit.js";
import { settings } from "../shared/settings.js";
import { NAMES, askSoon, set, state } from "./state.js";

const lent = {}; // CLIP's names, its templates → [those before another tab's picture came, those that came]
let coming = false; // whether the photo that comes next is such a picture
let brought = ""; // its path; a photo can be told of twice
const PLACES = { prompts: ".hl-one", map: ".hl-map_chosen", compare: ".hl-opened" }; // where such pictures stand
const IMAGE = /^image\//;

export function bring(files) {
  const file = Array.from(files).find(({ type }) => IMAGE.test(type));
  const field = /** @type {HTMLInputElement} */ (document.querySelector("#photo input[type=file]"));
  if (!file || !field) return false;
  state.wanted = null;
  const bag = new DataTransfer();
  bag.items.add(file);
  field.files = bag.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

document.addEventListener("paste", (event) => {
  if (bring(event.clipboardData.files)) event.preventDefault();
});
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (/** @type {Element} */ (event.target).closest("#photo")) return; // its own drop zone
  if (bring(event.dataTransfer.files)) event.preventDefault();
});

function lend(field, text) {
  const { clip } = state.columns;
  if (text === undefined || text === clip[field]) return;
  const [before, came] = lent[field] ?? [];
  lent[field] = [clip[field] === came ? before : clip[field], text];
  clip[field] = text;
  askSoon("clip");
}

// With the next photo CLIP chooses again from what it chose from before, unless somebody has typed since.
export function giveBack({ path }) {
  if (coming) [coming, brought] = [false, path];
  if (path === brought || state.wanted) return; // one that an address asks for
  unchosen("explain", () => {
    const { clip } = state.columns;
    for (const [field, [before, came]] of Object.entries(lent)) if (clip[field] === came) clip[field] = before;
    Object.keys(lent).forEach((field) => delete lent[field]);
  });
  if (state.from) set({ from: null, target: null });
}

// Back to the tab that the picture came from, which is as it was left.
export function goBack() {
  openTab(state.from.tab);
  document.querySelector(PLACES[state.from.tab])?.scrollIntoView({ block: "center" });
}

// Another tab's picture with the models it was looked at with. classes, templates: what CLIP is to choose from, as typed.
// from: what state.from has of it, with the classes that the other models choose among; view: the method and the class
// explained.
export async function showInExplain({ src, name, models = {}, classes, templates, from, view = {} }) {
  const file = await fileOf(src, name);
  openTab("explain");
  set({ from: { names: [], labelMaps: {}, ...from, models }, target: null, point: null, ...view });
  unchosen("explain", () => {
    for (const [family, model] of Object.entries(models)) state.columns[family]?.choose(model);
    lend("names", classes);
    lend("templates", templates);
  });
  window.scrollTo(0, 0);
  coming = bring([file]);
}

// A picture of a set that an address asks for, as it came from Python.
export async function bringPicture({ src, name }) {
  const file = await fileOf(src, name);
  const { wanted } = state;
  const { clip } = state.columns;
  if (state.from) Object.assign(lent, { names: [NAMES, clip.names], templates: [settings.template, clip.templates] });
  coming = bring([file]);
  state.wanted = wanted;
}

async function fileOf(src, name = "picture") {
  const blob = await (await fetch(src)).blob();
  const stem = name.split("/").pop().replace(/\.?[^.]*$/, "") || "picture";
  return new File([blob], `${stem}.png`, { type: "image/png" });
}
