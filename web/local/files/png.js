/**
 * The chunks of a PNG file beside its pixels: what they carry, and how they go into a result.
 *
 * PNG specification, third edition, 11.3; XMP part 3, 1.1.5.
 */

import { joined, latin, number, ofLatin } from "./bytes.js";
import { bare } from "./exif.js";
import { nothing } from "./nothing.js";
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
const COMMENT = "Comment";
const LIGHT = ["cLLI", "cLLi"];
const COLOUR = ["cICP", "cHRM", "gAMA", "sRGB", "mDCV", "mDCv"];
const MOST_PROFILE = 2 ** 24;
const MOST_TEXT = 2 ** 24;
export const TEXTS = ["tEXt", "zTXt", "iTXt"];
const EXIF_TEXT = "Raw profile type exif";
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
  const found = { ...nothing(), isUnusual: false };
  for (const { kind, content, isRight } of chunksOf(bytes)) {
    if (!isRight && !OF_PIXELS.includes(kind)) {
      found.notes.push(`${kind} left out: it is damaged`);
      continue;
    }
    const isXmp = kind === "iTXt" && latin(content.subarray(0, XMP_TEXT.length)) === XMP_TEXT;
    if (kind === "eXIf") found.exif ??= content.slice();
    else if (isXmp) found.xmp ??= await textOfInternational(content, XMP_TEXT.length);
    else if (kind === "iCCP") found.icc ??= await profileOf(content);
    else if (kind === "acTL") found.isAnimated = number(content, 0, 4) > 1;
    else if (LIGHT.includes(kind))
      found.notes.push("content light level left out: it is another one now");
    else if (isCopied(kind)) found.kept.push(await keptChunk(kind, content));
    else if (!OF_PIXELS.includes(kind) && !["fcTL", "fdAT"].includes(kind))
      found.notes.push(`${kind} left out: it is of the pixels as they were`);
    if (kind === "iCCP" && !found.icc)
      found.notes.push("colour profile left out: it is damaged or too large");
    found.isUnusual ||= isUnusual(kind, content);
  }
  takeExifFromText(found);
  return found;
}

/** A chunk that goes into a PNG as it is; with its text where another format has a place for it. */
async function keptChunk(kind, content) {
  const kept = { kind, bytes: chunk(kind, content) };
  if (!TEXTS.includes(kind)) return kept;
  const keyword = latin(content.subarray(0, content.indexOf(0)));
  if (![COMMENT, EXIF_TEXT].includes(keyword)) return kept;
  return { ...kept, keyword, text: await textOf(kind, content) };
}

/** The text of a chunk, in UTF-8. */
async function textOf(kind, content) {
  const start = content.indexOf(0) + 1;
  if (kind === "tEXt") return ofLatin1(content.subarray(start));
  if (kind === "zTXt")
    return ofLatin1((await inflated(content.subarray(start + 1), MOST_TEXT)).bytes);
  return textOfInternational(content, start);
}

/** That of a chunk of international text, whose keyword ends before an offset. */
async function textOfInternational(content, start) {
  const afterLanguage = content.indexOf(0, start + 2) + 1;
  const packet = content.subarray(content.indexOf(0, afterLanguage) + 1);
  return content[start] ? (await inflated(packet, MOST_TEXT)).bytes : packet.slice();
}

function ofLatin1(bytes) {
  return new TextEncoder().encode(latin(bytes));
}

/** EXIF in hexadecimal digits, as ImageMagick writes it, in place of a chunk of its own. */
function takeExifFromText(found) {
  const profile = found.exif ? null : found.kept.find(({ keyword }) => keyword === EXIF_TEXT);
  if (!profile) return;
  const digits = latin(profile.text).split("\n").slice(3).join("").replace(/\s/g, "");
  // What is no EXIF is told of as damaged by what reads it.
  const pairs = /^([\da-f]{2})+$/i.test(digits) ? digits.match(/../g) : [];
  found.exif = bare(Uint8Array.from(pairs, (pair) => parseInt(pair, 16)));
  found.kept = found.kept.filter(({ keyword }) => keyword !== EXIF_TEXT);
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
export async function write({ head, body }, { exif, xmp, icc, kept }) {
  const parts = [];
  if (icc) parts.push(chunk("iCCP", joined([ofLatin("ICC profile\0\0"), await deflated(icc)])));
  parts.push(...kept.map((each) => each.bytes));
  if (exif) parts.push(chunk("eXIf", exif));
  if (xmp) parts.push(chunk("iTXt", joined([ofLatin(`${XMP_TEXT}\0\0\0\0`), xmp])));
  return { bytes: joined([head, ...parts, body]), notes: [] };
}

/** A comment, in UTF-8, as a chunk. */
export function comment(bytes) {
  return { kind: "iTXt", bytes: chunk("iTXt", joined([ofLatin(`${COMMENT}\0\0\0\0\0`), bytes])) };
}

/** The comment that a chunk holds, in UTF-8; null for other chunks. */
export function commentOf({ keyword, text }) {
  return keyword === COMMENT ? text : null;
}

/** Resolution in pixels for each metre that a chunk tells; null if it tells none. */
export function resolutionOf({ kind, bytes }) {
  const isTold = kind === "pHYs" && bytes[16] === 1;
  return isTold ? [8, 12].map((at) => number(bytes, at, 4)) : null;
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
