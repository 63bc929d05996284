// @ts-check
// What was chosen in this visit on any tab: pictures, checkpoints, templates, classes.
//
// The rule: what was chosen last, on whichever tab, is what a tab shows when it is opened next. A link says itself what its
// tab shows, and so does a picture that is opened in Explain. What a tab showed before is offered back (visit.js).

/**
 * @typedef {Record<string, any>} Fields  of a tab's question (address.js), those that it shares; undefined: as it starts
 * @typedef {Record<string, {value: any, tab: string, time: number}>} Chosen  field → what was chosen, where and when
 */

const LEFT_OUT = "none"; // a model that one tab does without: the others need not, and there it stays out

/** @param {string[]} families */
export const shared = (families) => ["set", ...families, "templates", "classes"];

/** The fields that differ. @param {Fields} before @param {Fields} after */
const changed = (before, after) =>
  Object.keys(after).filter((name) => before[name] !== after[name] && before[name] !== LEFT_OUT && after[name] !== LEFT_OUT);

export function choices() {
  /** @type {Chosen} */
  const chosen = {};
  /** @type {Record<string, {fields: Fields, time: number}>} */
  const settled = {};
  let time = 0;

  /** As a tab is now, nobody has chosen anything on it yet. @param {string} tab @param {Fields} fields */
  function settle(tab, fields) {
    settled[tab] = { fields, time: (time += 1) };
  }

  return {
    settle,
    /** @param {string} tab */
    knows: (tab) => tab in settled,
    /** A tab is left: what is new on it was chosen there. Classes as they start are no choice. @param {string} tab @param {Fields} fields */
    leave(tab, fields) {
      for (const name of changed(settled[tab].fields, fields)) {
        if (name !== "classes" || fields[name] !== undefined) chosen[name] = { value: fields[name], tab, time: (time += 1) };
      }
      settle(tab, fields);
    },
    /** What a tab that is opened takes over. @param {string} tab @param {Fields} fields @returns {Chosen} */
    due(tab, fields) {
      const since = settled[tab]?.time ?? 0;
      const newer = Object.entries(chosen).filter(([name, each]) => name in fields && each.time > since);
      const names = changed(fields, Object.fromEntries(newer.map(([name, { value }]) => [name, value])));
      return Object.fromEntries(names.map((name) => [name, chosen[name]]));
    },
  };
}

/**
 * "The pictures and templates chosen on Prompts are here now."
 * @param {Chosen} taken @param {(family: string) => string} titleOf
 */
export function said(taken, titleOf) {
  const names = Object.keys(taken).map((name) => ({ set: "pictures", templates: "templates", classes: "classes" })[name] ?? titleOf(name));
  const tabs = [...new Set(Object.values(taken).map(({ tab }) => tab[0].toUpperCase() + tab.slice(1)))];
  const what = names.length < 2 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `Now here, as chosen on ${tabs.join(" and ")}: ${what}.`;
}
