/** Names of files: which are pictures, and how results are kept apart. */

const ADDED = "_enhanced";

/** Suffixes that are read, without the dot: those of `scotopic/photo/formats.py`. */
export const READ_SUFFIXES = new Set(
  (
    "jpg jpeg jpe jfif mpo png apng webp avif tif tiff gif bmp dib jxl jp2 jpx jpf j2k j2c jpc " +
    "heic heif hif dng cr2 cr3 crw nef nrw arw srf sr2 raf orf rw2 pef srw 3fr erf kdc mrw x3f"
  ).split(" "),
);

/** Types that browsers show, by the suffix. */
const SHOWN_SUFFIXES = new Set("jpg jpeg jpe jfif png apng webp avif gif bmp".split(" "));

/** A name divided before its last dot; a dot at the start does not count. */
export function divided(name) {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
}

const suffixOf = (name) => divided(name)[1].slice(1).toLowerCase();

/** Whether a file in a folder is taken for a picture. */
export const isPicture = (name) => READ_SUFFIXES.has(suffixOf(name));

/** Whether a browser shows a file of this name. */
export const isShown = (name) => SHOWN_SUFFIXES.has(suffixOf(name));

/**
 * Names that differ, also where capitals do not count: the second `a_enhanced.jpg` becomes
 * `a-2_enhanced.jpg`, as on the command line.
 * @param {string[]} names
 */
export function distinct(names) {
  const taken = new Set();
  return names.map((name) => {
    const [stem, suffix] = divided(name.replace(/[/\\\0]/g, "_"));
    const [base, added] = stem.endsWith(ADDED) ? [stem.slice(0, -ADDED.length), ADDED] : [stem, ""];
    let made = stem + suffix;
    for (let number = 2; taken.has(made.toLowerCase()); number++) {
      made = `${base}-${number}${added}${suffix}`;
    }
    taken.add(made.toLowerCase());
    return made;
  });
}
