/** Handing a file to the person, by a link that is followed at once. */

const KEPT_MS = 60_000;

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads it after the click; for how long is not told.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
