// @ts-check
// Classes as people type them: one a line, synonyms after |; a | or \ of the name itself has a \ before it
// (explain/classes/prompts.py).

/** A name as a line of its own. @param {string} name */
export const lineOf = (name) => name.replace(/[\\|]/g, "\\$&");

/** Every name in a text of classes, synonyms too. @param {string} text */
export const namesIn = (text) =>
  text.split("\n").flatMap((line) => line.match(/(?:\\[\\|]|[^|])+/g) ?? []).map((name) => name.trim().replace(/\\([\\|])/g, "$1")).filter(Boolean);

/** Whether every class of a set is named in a text of classes. @param {string} text @param {string[]} classes */
export function names(text, classes) {
  const known = new Set(namesIn(text).map((name) => name.toLowerCase()));
  return classes.every((name) => known.has(name.toLowerCase()));
}
