// @ts-check
// What the markup that Gradio sends calls (tabs/wiring/widget.py, tabs/wiring/lines.py): the one way into the page's modules.
// A tab's modules are fetched when it is first opened; each tab's widgets.js says what it is made of.

import { settings } from "./shared/settings.js";
import { enter } from "./shared/visit.js";

/**
 * @typedef {import("./shared/line.js").Link} Link
 * @typedef {{
 *   tab: ReturnType<typeof import("./shared/tab.js").tab>,
 *   widgets: Record<string, (element: HTMLElement, options: any, link: Link) => void>,
 *   changed?: Record<string, (file: any) => void>,
 *   files?: Record<string, () => any>,
 *   toQuestion?: () => object,
 *   take?: (question: any) => void,
 *   adopt?: (fields: any) => void,
 * }} Tab  changed: what to do when a file that goes with the questions is another; files: which one
 *   goes with them where it is not the newest that was brought there; toQuestion, take: the tab's fields of the
 *   page's address, as they are and as they shall be (shared/address.js); adopt: those that were chosen on other tabs
 */

const OLD = "This page is older than the program behind it. Reload it.";

/** @type {(name: string) => Promise<Tab>} */
const load = (name) => import(`./${name}/widgets.js`);

/**
 * Fill a component with the part of a tab that is called `part`.
 * @param {HTMLElement} component
 * @param {Link} link
 * @param {string} name of the tab
 * @param {string} part
 * @param {any} [options]
 */
export async function mount(component, link, name, part, options = {}) {
  const element = /** @type {HTMLElement} */ (component.firstElementChild);
  const { tab, widgets, toQuestion, take, adopt } = await load(name).catch((error) => {
    element.textContent = OLD;
    throw error;
  });
  if (part === "line") tab.join(options.line, link);
  else widgets[part](element, { ...settings.told[name]?.[part], ...options }, link);
  if (toQuestion && take && adopt) await enter(name, { tab, toQuestion, take, adopt });
  tab.redraw();
  tab.open();
}

/** The newest question of a line, as it goes out, and the files that go with it. @param {string} name @param {string} line @param {Record<string, any>} given */
export async function inputs(name, line, given) {
  const { tab, files = {} } = await load(name);
  return [tab.question(line), ...Object.entries(given).map(([which, file]) => (files[which] ? files[which]() : file))];
}

/** From which question on a line's answers are wanted. @param {string} name @param {string} line */
export const wanted = async (name, line) => (await load(name)).tab.wanted(line);

/** A question brought no answer. @param {string} name @param {string} line */
export const failed = async (name, line) => (await load(name)).tab.failed(line);

/** A file that goes with a tab's questions is another. @param {string} name @param {string} which @param {any} file */
export const changed = async (name, which, file) => (await load(name)).changed[which](file);
