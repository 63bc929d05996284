// A tab's pictures in the page's address: a set by its name, one of a person's own by its content.

import { say } from "./says.js";
import { settings } from "./settings.js";

const UPLOAD = "upload:";
const MISSING = "This link was made with a set of its own; bring yours.";

/** The digest of an uploaded file's content, under which it is kept (tabs/wiring/uploads.py). */
export const digestOf = (file) => file.path?.split(/[\\/]/).at(-2)?.slice(0, 20) ?? "";

/** What stands in the address; undefined for the set that a tab opens on. */
export const setOf = ({ set, file, digest }) => (file ? UPLOAD + digest : set === settings.set ? undefined : set);

/** {set, file} of a tab, as an address has its set. An upload that is not there is told of, and the tab stays as it is. */
export function uploadOf({ set, file, digest }, wanted = settings.set) {
  if (!wanted.startsWith(UPLOAD)) return { set: wanted, file: "" };
  if (!file || wanted !== UPLOAD + digest) say(MISSING);
  return { set, file };
}
