/**
 * The chunks of a PNG file beside its pixels: what they carry, and how they go into a result.
 *
 * PNG specification, third edition, 11.3; XMP part 3, 1.1.5.
 */

import { joined, latin, number, ofLatin } from "./bytes.js";
import { chunk, chunksOf } from "./png_chunks.js";
import { deflated, inflated } from "./streams.js";

const XMP_TEXT = "XML:com.adobe.xmp\0";
const OF_PIXELS = [
  "IHDR",
  "PLTE",
  "IDAT",
  "IEND",
  "tRNS",
  "bKGD",
  "hIST",
  "sBIT",
  "sPLT",
  "iDOT",
  "tIME",
];
const LIGHT = ["cLLI", "cLLi"];
const COLOUR = ["cICP", "cHRM", "gAMA", "sRGB", "mDCV", "mDCv"];
const MOST_PROFILE = 2 ** 24;
const [PQ, HLG] = [16, 18];

/**
 * What a file carries.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<object>} `exif`, `xmp`, `icc`: bytes or null; `kept`: the chunks that go into
 *   a PNG as they are, {kind, bytes}; `notes`; `isAnimated`; `isUnusual`: that its colours have a
 *   curve that is far from that of sRGB, by numbers.
 */
export async function read(bytes) {
  const found = {
    exif: null,
    xmp: null,
    icc: null,
    kept: [],
    notes: [],
    isAnimated: false,
    isUnusual: false,
  };
  for (const { kind, content, isRight } of chunksOf(bytes)) {
    if (!isRight && !OF_PIXELS.includes(kind)) {
      found.notes.push(`${kind} left out: it is damaged`);
      continue;
    }
    const isXmp = kind === "iTXt" && latin(content.subarray(0, XMP_TEXT.length)) === XMP_TEXT;
    if (kind === "eXIf") found.exif ??= content;
    else if (isXmp) found.xmp ??= await xmpOf(content);
    else if (kind === "iCCP") found.icc ??= await profileOf(content);
    else if (kind === "acTL") found.isAnimated = number(content, 0, 4) > 1;
    else if (LIGHT.includes(kind))
      found.notes.push("content light level left out: it is another one now");
    else if (isCopied(kind)) found.kept.push({ kind, bytes: chunk(kind, content) });
    else if (!OF_PIXELS.includes(kind) && !["fcTL", "fdAT"].includes(kind))
      found.notes.push(`${kind} left out: it is of the pixels as they were`);
    if (kind === "iCCP" && !found.icc)
      found.notes.push("colour profile left out: it is damaged or too large");
    found.isUnusual ||= isUnusual(kind, content);
  }
  return found;
}

/** Whether a chunk stays right when pixels change: it says so by a small last letter. */
function isCopied(kind) {
  if (OF_PIXELS.includes(kind)) return false;
  return COLOUR.includes(kind) || kind === "pHYs" || kind[3] === kind[3].toLowerCase();
}

function isUnusual(kind, content) {
  if (kind === "cICP") return [PQ, HLG, 8].includes(content[1]);
  if (kind !== "gAMA") return false;
  const exponent = 100000 / number(content, 0, 4);
  return Math.abs(exponent / 2.2 - 1) > 0.02;
}

async function xmpOf(content) {
  const [isPacked, , ...rest] = content.subarray(XMP_TEXT.length);
  const afterLanguage = rest.indexOf(0) + 1;
  const start = XMP_TEXT.length + 2 + rest.indexOf(0, afterLanguage) + 1;
  const packet = content.subarray(start);
  return isPacked ? (await inflated(packet, MOST_PROFILE)).bytes : packet;
}

async function profileOf(content) {
  const start = content.indexOf(0) + 2;
  const { bytes, isWhole } = await inflated(content.subarray(start), MOST_PROFILE);
  return isWhole && bytes.length > 128 && bytes.length < MOST_PROFILE ? bytes : null;
}

/**
 * A result with what it is to carry.
 *
 * @param {{head: Uint8Array, body: Uint8Array}} coded As from codecs/png.js.
 * @param {object} carried `exif`, `xmp`, `icc`, `kept`, as from `read`.
 */
export async function write({ head, body }, { exif, xmp, icc, kept = [] }) {
  const parts = [];
  if (icc) parts.push(chunk("iCCP", joined([ofLatin("ICC profile\0\0"), await deflated(icc)])));
  parts.push(...kept.map((each) => each.bytes));
  if (exif) parts.push(chunk("eXIf", exif));
  if (xmp) parts.push(chunk("iTXt", joined([ofLatin(`${XMP_TEXT}\0\0\0\0`), xmp])));
  return { bytes: joined([head, ...parts, body]), notes: [] };
}

/** A comment, in UTF-8, as a chunk. */
export function comment(bytes) {
  return { kind: "iTXt", bytes: chunk("iTXt", joined([ofLatin("Comment\0\0\0\0\0"), bytes])) };
}

/** Resolution in pixels for each metre as a chunk. */
export function resolution(across, down) {
  const content = new Uint8Array(9);
  const view = new DataView(content.buffer);
  view.setUint32(0, across);
  view.setUint32(4, down);
  content[8] = 1;
  return { kind: "pHYs", bytes: chunk("pHYs", content) };
}

/** Which of the chunks of a file tell of its colours, and stay in a picture without metadata. */
export function isColour({ kind }) {
  return COLOUR.includes(kind);
}
