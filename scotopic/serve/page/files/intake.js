/** Pictures that are dropped, pasted or chosen, as a list of files. */
import { isPicture } from "./names.js";

/**
 * All files of a drop, folders and the folders in them gone through.
 * @param {DataTransfer} transfer
 * @returns {Promise<{files: File[], others: number}>} `others` counts what in folders is no picture.
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
    else found.files.push(await new Promise((done, failed) => entry.file(done, failed)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // Browsers give the entries of a folder in portions.
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    some.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const inner of some) await walk(inner, found, true);
  }
}

/** Files of a folder that was chosen. */
export function ofFolder(list) {
  const files = [...list].filter((file) => isPicture(file.name));
  return { files, others: list.length - files.length };
}

/** Files of a paste; none if text was pasted. */
export const pasted = (transfer) => ({ files: [...(transfer?.files ?? [])], others: 0 });
