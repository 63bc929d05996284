// @ts-check
// Labelled sets by name: of one that was uploaded the name is its content's digest, in questions as in the page's address.

import { say } from "./says.js";
import { settings } from "./settings.js";
import { all, check, keep, kept } from "./uploads.js";

const UPLOAD = "upload:";
const MISSING = "This link was made with a set of its own; bring yours.";

/** @param {string} set */
export const isUpload = (set) => set.startsWith(UPLOAD);

/** A set's name, of an upload its file's. @param {string} set */
export const nameOf = (set) => kept(set)?.orig_name ?? set;

/** The file that goes with a question about a set. @param {string} set */
export const fileOf = (set) => (isUpload(set) ? (kept(set) ?? null) : null);

/** The name of an uploaded set, which is there for every tab from now on. @param {import("./uploads.js").Upload} file */
export function brought(file) {
  const set = UPLOAD + (file.path.split(/[\\/]/).at(-2) ?? "").slice(0, 20); // Gradio keeps it in a folder named for its digest
  keep(set, { orig_name: "your set", ...file });
  return set;
}

/** The sets that were uploaded in this visit. */
export const uploaded = () => all().map(([key]) => key).filter(isUpload);

/** The set that an address asks for; where it is an upload that is not here, that is told, and it is the one there `is`. @param {string | undefined} wanted @param {string} is */
export function setOf(wanted, is) {
  const set = wanted ?? settings.set;
  if (!isUpload(set) || kept(set)) return set;
  say(MISSING);
  return is;
}

/** Settles when it is known which of the sets uploaded before a reload are still there. */
export const checked = check(UPLOAD);
