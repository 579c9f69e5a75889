/** Pictures that are dropped, pasted or chosen, as a list of files. */
import { isPicture } from "./names.js";

/**
 * All files of a drop, folders and the folders in them gone through.
 * @param {DataTransfer} transfer
 * @returns {Promise<{files: File[], others: number}>} `others` counts what in folders is no
 *   picture, and what cannot be read.
 */
export function dropped(transfer) {
  // The entries are only there until the handler of the event returns.
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  return gathered(entries);
}

async function gathered(entries) {
  const found = { files: [], others: 0 };
  for (const entry of entries) {
    if (entry instanceof File) found.files.push(entry);
    else if (entry) await walk(entry, found, false);
  }
  return found;
}

async function walk(entry, found, inFolder) {
  if (entry.isFile) {
    if (inFolder && !isPicture(entry.name)) found.others += 1;
    else add(await fileOf(entry), found);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // Browsers give the entries of a folder in portions.
    const some = await new Promise((done) => reader.readEntries(done, () => done(null)));
    if (!some) found.others += 1;
    if (!some?.length) return;
    some.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const inner of some) await walk(inner, found, true);
  }
}

/** The file of an entry; null where it cannot be read. */
const fileOf = (entry) => new Promise((done) => entry.file(done, () => done(null)));

function add(file, found) {
  if (file) found.files.push(file);
  else found.others += 1;
}

/** Files of a folder that was chosen. */
export function ofFolder(list) {
  const files = [...list].filter((file) => isPicture(file.name));
  return { files, others: list.length - files.length };
}

/** Files of a paste; none if text was pasted. */
export const pasted = (transfer) => ({ files: [...(transfer?.files ?? [])], others: 0 });
