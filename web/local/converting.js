/** What one format carries, as another one has a place for it. */

import { number } from "./files/bytes.js";
import * as jpeg from "./files/jpeg.js";
import * as png from "./files/png.js";
import { withoutExtension } from "./files/xmp.js";
import { FORMATS } from "./formats.js";

const PER_METRE = { 1: 1 / 0.0254, 2: 100 };
const METRES_PER_INCH = 0.0254;

/**
 * Change what only the source's format has a place for into what another has.
 *
 * @param {object} carried Changed: its `kept`, and its `xmp` where that leads to what is lost.
 * @param {string} from A key of `FORMATS`.
 * @param {string} to
 * @returns {string[]} Notes on what is lost.
 */
export function convert(carried, from, to) {
  const { kept, lost } = { JPEG: ofJpeg, PNG: ofPng, WEBP: ofWebp }[from](carried, to);
  carried.kept = kept.filter(Boolean);
  return lost.length ? [`${lost.join(", ")} not written: ${FORMATS[to].label} holds none`] : [];
}

function ofJpeg(carried, to) {
  const kinds = (name) => carried.kept.filter(({ kind }) => kind === name);
  const comments = kinds("comment");
  const resolution = resolutionOf(kinds("jfif"));
  const lost = [];
  if (to !== "PNG" && comments.length) lost.push("comment");
  if (to !== "PNG" && resolution) lost.push("resolution");
  if (kinds("photoshop").length) lost.push("IPTC");
  if (kinds("extended").length) {
    lost.push("extended XMP");
    carried.xmp &&= withoutExtension(carried.xmp);
  }
  if (kinds("other").length) lost.push("further segments");
  if (to !== "PNG") return { kept: [], lost };
  const texts = comments.map(({ bytes }) => png.comment(utf8(bytes.subarray(4))));
  return { kept: [...texts, resolution && png.resolution(...resolution)], lost };
}

/** Pixels for each metre that a JPEG tells; null if it tells none. */
function resolutionOf([jfif]) {
  const unit = jfif && PER_METRE[jfif.bytes[11]];
  return unit ? [12, 14].map((at) => Math.round(number(jfif.bytes, at, 2) * unit)) : null;
}

function ofPng(carried, to) {
  const comments = carried.kept.map(png.commentOf).filter(Boolean);
  const [perMetre] = carried.kept.map(png.resolutionOf).filter(Boolean);
  const texts = carried.kept.filter(({ kind }) => png.TEXTS.includes(kind));
  const isJpeg = to === "JPEG";
  const segments = isJpeg ? comments.map(jpeg.comment) : comments.map(() => null);
  const perInch = isJpeg && perMetre?.map((each) => Math.round(each * METRES_PER_INCH));
  const resolution = perInch ? jpeg.resolution(...perInch) : null;
  const lost = [];
  if (texts.length > comments.length) lost.push("text");
  if (!segments.every(Boolean)) lost.push("comment");
  if (perMetre && !resolution) lost.push("resolution");
  if (carried.kept.some(png.isColour) && !carried.icc) lost.push("colour by numbers");
  return { kept: [resolution, ...segments], lost };
}

function ofWebp({ kept }) {
  return { kept: [], lost: kept.length ? ["further chunks"] : [] };
}

/** Text in UTF-8, of text in UTF-8 or Latin-1. */
function utf8(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return bytes;
  } catch {
    return new TextEncoder().encode(new TextDecoder("latin1").decode(bytes));
  }
}
