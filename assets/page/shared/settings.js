// @ts-check
// What Python says once for the whole page: families with their names and colours, methods, colour tables, limits, and what
// the parts of each tab are told (tabs/wiring/settings.py).

/**
 * @typedef {{title: string, colour: string, checkpoints: Checkpoint[]}} Family  the first checkpoint is the one it starts with
 * @typedef {{name: string, title: string, here: boolean, bundled: boolean}} Checkpoint  here: on this computer
 * @typedef {{
 *   key: string, title: string, short: string, takes: string[], signed: boolean, reads: string,
 *   slow: boolean, targeted: boolean, means: string, cannot: string, paper: [string, string],
 * }} Method
 * @typedef {{
 *   families: Record<string, Family>, methods: Record<string, Method>, shades: {even: string, signed: string},
 *   outside: number, template: string, categories: string[], limits: Record<string, number>,
 *   ranges: Record<string, [number, number, number]>, set: string, sets: any[], told: Record<string, Record<string, object>>,
 * }} Settings
 */

/** @type {Settings} */
export const settings = await (await fetch(new URL("../settings.json", import.meta.url))).json();

/** The families in the page's order. */
export const FAMILIES = Object.keys(settings.families);

export const { methods, limits, ranges } = settings;

/** What people call a family. @param {string} family */
export const titleOf = (family) => settings.families[family].title;

/** The checkpoint that a family starts with. @param {string} family */
export const firstOf = (family) => settings.families[family].checkpoints[0].name;
