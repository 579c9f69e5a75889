/** What is told of a picture and of what was done to it. */

import { mapReport } from "./exposing.js";
import { summaryOf } from "./files/exif.js";
import { isColour } from "./files/png.js";
import { FORMATS } from "./formats.js";
import { carriedBy } from "./writing.js";

/** What a result carries, in words. */
function keptOf({ exif, xmp, icc, kept }, hasAlpha) {
  const has = (...kinds) => kept.some(({ kind }) => kinds.includes(kind));
  const words = {
    EXIF: exif,
    "colour profile": icc,
    XMP: xmp,
    "extended XMP": has("extended"),
    IPTC: has("photoshop"),
    text: has("tEXt", "zTXt", "iTXt"),
    comment: has("comment"),
    resolution: has("jfif", "pHYs"),
    transparency: hasAlpha,
    "colour by numbers": kept.some(isColour),
  };
  return Object.keys(words).filter((word) => words[word]);
}

/**
 * What is told of a photo.
 *
 * @param {object} photo As from `read` in reading.js.
 * @param {File} file
 */
export function photoReport(photo, file) {
  const { width, height } = photo.picture;
  return {
    name: file.name,
    format: FORMATS[photo.format].label,
    width,
    height,
    bytes: file.size,
    frames: 1,
    bits: photo.bits,
    exif: summaryOf(photo.carried.exif),
  };
}

/** What of a photo a result would keep, and notes on what it would not, without writing it. */
export function stays(photo, { format, strip }) {
  const { carried, notes } = carriedBy(photo, { format, strip, maker: "" });
  const hasXmp = Boolean(photo.carried.xmp && carried.xmp);
  const hasAlpha = photo.channels.alpha && format !== "JPEG";
  return {
    kept: keptOf({ ...carried, xmp: hasXmp }, hasAlpha),
    notes: [...photo.notes, ...notes],
  };
}

/** What was decided for a picture, and its gain map. */
export function decisionReport(seen, decided, model) {
  return { model, decision: decided.report, gain_map: mapReport(seen) };
}
