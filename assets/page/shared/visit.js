// @ts-check
// One visit of the page. The open tab's question stands in the page's address, so that Reload, Back, Forward and a copied link
// bring it again; and what was chosen on one tab is there on the others (choices.js).

import { grammar, read, VERSION, written } from "./address.js";
import { choices, said, shared } from "./choices.js";
import { hush, offer, say } from "./says.js";
import { checked } from "./sets.js";
import { FAMILIES, settings, titleOf } from "./settings.js";

/**
 * @typedef {{
 *   tab: {drawers: Set<() => void>}, toQuestion: () => Record<string, any>, take: (question: any) => void,
 *   adopt: (fields: Record<string, any>) => void,
 * }} Part
 */

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
let entering = Promise.resolve(); // until the newest tab knows what it shows

const tabs = () => [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[role="tab"]'))];
/** @param {HTMLElement} tab */
const nameOf = (tab) => (tab.textContent ?? "").trim().toLowerCase();

function opened() {
  const tab = tabs().find((each) => each.getAttribute("aria-selected") === "true");
  return tab ? nameOf(tab) : "";
}

/** A tab is there, and has fields of the address. Settles when it knows them. @param {string} name @param {Part} part */
export function enter(name, part) {
  if (parts[name]) return entering;
  const first = !Object.keys(parts).length;
  parts[name] = part;
  part.tab.drawers.add(soon);
  if (first && location.hash) follow();
  turn();
  arrive();
  return (entering = deliver());
}

/** @param {string} tab */
const questionOf = (tab) => ({ version: VERSION, tab, ...parts[tab].toQuestion() });

// From tab to tab.

const chosen = choices();
let on = ""; // the open tab
let arriving = false; // whether it has not taken over yet what was chosen on others
let linked = false; // whether it was opened with a question of its own, and takes over nothing
let takeBack = () => {}; // what was said of that

/** What a tab shares with others. @param {string} tab */
function fieldsOf(tab) {
  const question = parts[tab].toQuestion();
  return Object.fromEntries(shared(FAMILIES).filter((name) => name in rules[tab]).map((name) => [name, question[name]]));
}

/** Another tab is open. @param {string} [tab] @param {boolean} [asked] with a question of its own */
function turn(tab = opened(), asked = false) {
  if (!tab || tab === on) return;
  takeBack();
  if (chosen.knows(on)) chosen.leave(on, fieldsOf(on));
  [on, arriving, linked] = [tab, true, asked];
  arrive();
}

// The open tab is there, for the first time or again.
function arrive() {
  if (!arriving || !parts[on]) return;
  arriving = false;
  const [tab, first, before] = [on, !chosen.knows(on), questionOf(on)];
  const due = linked ? {} : chosen.due(tab, fieldsOf(tab));
  if (Object.keys(due).length) parts[tab].adopt(Object.fromEntries(Object.entries(due).map(([name, { value }]) => [name, value])));
  const fields = fieldsOf(tab);
  chosen.settle(tab, fields);
  const taken = Object.fromEntries(Object.entries(due).filter(([name, { value }]) => fields[name] === value));
  if (first || !Object.keys(taken).length) return;
  takeBack = say(said(taken, titleOf), ["Back to what was here", () => unchosen(tab, () => parts[tab].take(before))]);
}

/** Change a tab as nobody chose it, so that no other takes it over. @param {string} tab @param {() => void} change */
export function unchosen(tab, change) {
  if (chosen.knows(tab)) chosen.leave(tab, fieldsOf(tab));
  change();
  if (parts[tab]) chosen.settle(tab, fieldsOf(tab));
}

/** Open a tab as it was left, or with a question of its own. @param {string} tab */
export function openTab(tab) {
  turn(tab, true);
  choose(tab);
}

for (const happened of ["click", "keyup"]) document.addEventListener(happened, () => setTimeout(turn)); // a tab may have been chosen

// From the page to the address.

function soon() {
  timer ||= window.setTimeout(write, CALM);
}

function now() {
  const tab = opened();
  if (!parts[tab] || due?.tab === tab) return null;
  const question = questionOf(tab);
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
  for (const sentence of wrong) say(sentence);
  if (!question) return;
  clearTimeout(timer);
  [timer, acted, shown, due] = [0, false, location.hash, question];
  openTab(question.tab);
  deliver();
}

/** @param {string} name @param {number} [left] */
function choose(name, left = TRIES) {
  if (opened() === name) return;
  const tab = tabs().find((each) => nameOf(each) === name);
  if (tab) tab.click();
  else if (left) setTimeout(() => choose(name, left - 1), 50);
}

async function deliver() {
  await checked;
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
