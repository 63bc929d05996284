// @ts-check
// What was uploaded in this visit, by its content: for the other tabs, and for Back, Forward and Reload as long as the server
// has it. Kept by this window alone.

/** @typedef {{path: string, url?: string, orig_name?: string}} Upload  a file as Gradio names it to the server */

const KEPT = "headlight uploads";
const MOST = 50;

/** @type {Map<string, Upload>} */
const uploads = new Map(remembered());

/** @returns {[string, Upload][]} */
function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  } catch {
    return []; // a browser that keeps nothing
  }
}

function remember() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify([...uploads]));
  } catch {} // until the page is closed, then
}

/** @param {string} key of its content @param {Upload} file */
export function keep(key, file) {
  if (!file.url) return;
  uploads.delete(key);
  uploads.set(key, file);
  if (uploads.size > MOST) uploads.delete(uploads.keys().next().value ?? "");
  remember();
}

/** @param {string} key */
export const kept = (key) => uploads.get(key);

export const all = () => [...uploads];

/** What the server answers about an upload, null where nobody has it any more. @param {string} key @param {string} [method] */
async function asked(key, method = "GET") {
  const url = new URL(uploads.get(key)?.url ?? "", location.href);
  const answer = uploads.has(key) && url.origin === location.origin ? await fetch(url, { method }).catch(() => null) : null;
  return answer?.ok ? answer : null;
}

/** An upload as a file, null where nobody has it any more. @param {string} key @returns {Promise<File | null>} */
export async function fetched(key) {
  const blob = await (await asked(key))?.blob();
  return blob ? new File([blob], uploads.get(key)?.orig_name ?? "photo", { type: blob.type }) : null;
}

/** Forget those whose key starts with `start` and that the server does not have any more. @param {string} start */
export async function check(start) {
  const keys = [...uploads.keys()].filter((key) => key.startsWith(start));
  await Promise.all(keys.map(async (key) => (await asked(key, "HEAD")) || uploads.delete(key)));
  if (keys.length) remember();
}
