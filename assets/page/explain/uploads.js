// The photos of this visit, for Back, Forward and Reload: where the server still has them. Kept by this window alone.

const KEPT = "headlight photos";
const MOST = 10;

/** @returns {[string, {url: string, name: string}][]} */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  } catch {
    return []; // a browser that keeps nothing
  }
}

/** @param {string} key of its content @param {{url?: string, orig_name?: string}} file */
export function keep(key, { url, orig_name: name = "photo" }) {
  if (!url) return;
  const others = kept().filter(([each]) => each !== key);
  try {
    sessionStorage.setItem(KEPT, JSON.stringify([...others, [key, { url, name }]].slice(-MOST)));
  } catch {} // none is kept
}

/** The photo as a file, null where nobody has it any more. @param {string} key @returns {Promise<File | null>} */
export async function fetched(key) {
  const found = kept().find(([each]) => each === key)?.[1];
  const answer = found && new URL(found.url, location.href).origin === location.origin ? await fetch(found.url).catch(() => null) : null;
  if (!found || !answer?.ok) return null;
  const blob = await answer.blob();
  return new File([blob], found.name, { type: blob.type });
}
