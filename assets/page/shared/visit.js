// @ts-check
// The open tab's question stands in the page's address, so that Reload, Back, Forward and a copied link bring it again.

import { grammar, read, VERSION, written } from "./address.js";
import { hush, offer, say } from "./says.js";
import { settings } from "./settings.js";

/** @typedef {{tab: {drawers: Set<() => void>}, toQuestion: () => object, take: (question: any) => void}} Part */

const CALM = 250; // ms between two changes of the address; browsers allow so many a minute
const STEPS = ["tab", "photo", "method", "set", "cell"]; // another of these is a step that Back takes back
const TRIES = 100; // until the tabs are drawn
const OWN = "It names an upload of yours by its content only: others see the rest, and are told to bring theirs.";

const rules = grammar(settings);
/** @type {Record<string, Part>} */
const parts = {}; // the tabs that have been opened
/** @type {import("./address.js").Question | null} */
let due = null; // what the address asks of a tab that is still on its way
let shown = ""; // the address as it was last written or followed
let acted = false; // whether somebody did something since: what the page does by itself is no step
let timer = 0;

const tabs = () => [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[role="tab"]'))];
/** @param {HTMLElement} tab */
const nameOf = (tab) => (tab.textContent ?? "").trim().toLowerCase();

function opened() {
  const tab = tabs().find((each) => each.getAttribute("aria-selected") === "true");
  return tab ? nameOf(tab) : "";
}

/** A tab is there, and has fields of the address. @param {string} name @param {Part} part */
export function enter(name, part) {
  if (parts[name]) return;
  const first = !Object.keys(parts).length;
  parts[name] = part;
  part.tab.drawers.add(soon);
  if (first && location.hash) follow();
  deliver();
}

// From the page to the address.

function soon() {
  timer ||= window.setTimeout(write, CALM);
}

function now() {
  const tab = opened();
  if (!parts[tab] || due?.tab === tab) return null;
  const question = { version: VERSION, tab, ...parts[tab].toQuestion() };
  return { question, ...written(rules, question) };
}

function write() {
  clearTimeout(timer);
  timer = 0;
  if (!acted && !shown) return; // a page that was just opened keeps its plain address
  const found = now();
  if (!found || found.address === shown) return;
  if (acted && isStep(found.address)) history.pushState(null, "", found.address);
  else history.replaceState(history.state, "", found.address);
  [shown, acted] = [found.address, false];
}

/** @param {string} address */
function isStep(address) {
  const [before, after] = [shown, address].map((each) => read(rules, each).question);
  return !before || STEPS.some((step) => before[step]?.toString() !== after?.[step]?.toString());
}

for (const happened of ["pointerdown", "keydown", "input", "change", "drop", "paste"]) {
  document.addEventListener(happened, () => (acted = true), true);
}
for (const happened of ["click", "keyup"]) document.addEventListener(happened, soon); // a tab may have been chosen

// From the address to the page.

function follow() {
  hush();
  const { question, wrong } = read(rules, location.hash);
  wrong.forEach(say);
  if (!question) return;
  clearTimeout(timer);
  [timer, acted, shown, due] = [0, false, location.hash, question];
  choose(question.tab);
  deliver();
}

/** @param {string} name @param {number} [left] */
function choose(name, left = TRIES) {
  if (opened() === name) return;
  const tab = tabs().find((each) => nameOf(each) === name);
  if (tab) tab.click();
  else if (left) setTimeout(() => choose(name, left - 1), 50);
}

function deliver() {
  if (!due || !parts[due.tab]) return;
  const question = due;
  due = null;
  parts[question.tab].take(question);
  soon();
}

addEventListener("popstate", () => location.hash !== shown && follow());

// A link to this view.

async function copy() {
  write();
  const found = now();
  if (!found) return;
  const link = new URL(found.address, location.href).href;
  hush();
  const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
  say(copied ? "Link copied: it opens this view." : "This browser does not let a page copy; copy the link yourself.");
  if (Object.values(found.question).some((value) => String(value).startsWith("upload:"))) say(OWN);
  if (found.left.length) say(`Left out, because too long for a link: ${found.left.join(", ")}.`);
  if (!copied) offer(link);
}

document.addEventListener("click", ({ target }) => /** @type {Element} */ (target).closest?.("#hl-copy-link") && copy());
