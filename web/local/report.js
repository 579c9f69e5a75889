/** What is told of a picture and of what was done to it. */

import { mapReport } from "./exposing.js";
import { summaryOf } from "./files/exif.js";
import { isColour } from "./files/png.js";
import { FORMATS } from "./formats.js";

/** What a photo carries that its result has too, in words. */
function keptOf({ exif, xmp, icc, kept }) {
  const has = (...kinds) => kept.some(({ kind }) => kinds.includes(kind));
  const words = {
    EXIF: exif,
    "colour profile": icc,
    XMP: xmp,
    "extended XMP": has("extended"),
    IPTC: has("photoshop"),
    text: has("tEXt", "zTXt", "iTXt"),
    comment: has("comment"),
    "colour by numbers": kept.some(isColour),
  };
  return Object.keys(words).filter((word) => words[word]);
}

/** The report of a photo, as from `read` in reading.js. */
export function photoReport(photo, file) {
  const { width, height } = photo.picture;
  return {
    name: file.name,
    format: FORMATS[photo.format].label,
    width,
    height,
    bytes: file.size,
    exif: summaryOf(photo.carried.exif),
    kept: keptOf(photo.carried),
    notes: photo.notes,
  };
}

/** What was decided for a picture, and its gain map. */
export function decisionReport(seen, decided, model) {
  return { model, decision: decided.report, gain_map: mapReport(seen) };
}
