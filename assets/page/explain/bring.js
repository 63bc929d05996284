// Ctrl+V anywhere on the page brings the copied picture in, and so does dropping a file anywhere.
// gr.Image has a file field for its own drop zone; giving that field the file is all it takes.

import { set, state } from "./state.js";

const lent = new Map(); // box → [what stood there before another tab's picture came, what came]
let coming = false; // whether the photo that comes next is such a picture
let brought = ""; // its path; a photo can be told of twice
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

function fill(box, text) {
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// With the next photo CLIP chooses again from what it chose from before, unless somebody has typed since.
export function giveBack({ path }) {
  if (coming) [coming, brought] = [false, path];
  if (path === brought) return;
  for (const [box, [before, came]] of lent) if (box.value === came) fill(box, before);
  lent.clear();
  if (state.from) set({ from: null, target: null });
}

/** @param {string} title */
function openTab(title) {
  const tabs = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[role="tab"]'));
  [...tabs].find((tab) => tab.textContent.trim() === title)?.click();
}

// Back to the tab that the picture came from, which is as it was left.
export function goBack() {
  openTab(state.from.tab);
  document.querySelector(state.from.place)?.scrollIntoView({ block: "center" });
}

// Another tab's picture with the models it was looked at with. names, templates (one a line): what CLIP is to choose from;
// of the templates the first is taken that has one place for the name, as Explain wants it. from: where it comes from, as
// explain/state.js has it, with the classes that the other models choose among; seen: the method and the class explained.
export async function showInExplain({ src, name, models = {}, names, templates = "", from, seen = {} }) {
  const template = templates.split("\n").map((line) => line.trim().replaceAll("{c}", "{}")).find((line) => line.split("{}").length === 2);
  const blob = await (await fetch(src)).blob();
  const stem = (name ?? "picture").split("/").pop().replace(/\.?[^.]*$/, "") || "picture";
  const put = (selector, text) => {
    const box = document.querySelector(selector);
    if (!box || text === undefined || box.value === text) return;
    const [before, came] = lent.get(box) ?? [];
    lent.set(box, [before !== undefined && box.value === came ? before : box.value, text]);
    fill(box, text);
  };
  openTab("Explain");
  set({ from: { names: [], labelMaps: {}, ...from, models }, target: null, point: null, ...seen });
  for (const [family, model] of Object.entries(models)) state.columns[family]?.choose(model);
  put("#clip .hl-classes textarea", names?.join("\n"));
  put("#clip .hl-classes input", template);
  window.scrollTo(0, 0);
  coming = bring([new File([blob], `${stem}.png`, { type: "image/png" })]);
}
