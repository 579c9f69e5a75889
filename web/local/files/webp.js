/** The chunks of a WebP file: what they carry, and how they go into a result. RFC 9649, 2.3 to 2.7. */

import { bytesOf, hasAt, joined, latin, number, ofLatin } from "./bytes.js";
import { bare } from "./exif.js";
import { nothing } from "./nothing.js";

const FLAGS = { animation: 2, xmp: 4, exif: 8, alpha: 16, icc: 32 };

export function isWebp(bytes) {
  return hasAt(bytes, 0, "RIFF") && hasAt(bytes, 8, "WEBP");
}

function* chunksOf(bytes) {
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = number(bytes, at + 4, 4, true);
    if (at + 8 + size > bytes.length) return;
    yield {
      kind: latin(bytes.subarray(at, at + 4)),
      content: bytes.subarray(at + 8, at + 8 + size),
    };
    at += 8 + size + (size % 2);
  }
}

function chunk(kind, content) {
  return joined([
    ofLatin(kind),
    bytesOf(content.length, true),
    content,
    new Uint8Array(content.length % 2),
  ]);
}

function file(chunks) {
  const body = joined([ofLatin("WEBP"), ...chunks]);
  return joined([ofLatin("RIFF"), bytesOf(body.length, true), body]);
}

/**
 * What a file carries: `exif`, `xmp`, `icc`: bytes or null; and how it is compressed. They are
 * copies: what is kept of a picture must not hold its file.
 */
export function read(bytes) {
  const found = { ...nothing(), isLossless: false, hasAlpha: false };
  for (const { kind, content } of chunksOf(bytes)) {
    if (kind === "EXIF") found.exif ??= bare(content).slice();
    else if (kind === "XMP ") found.xmp ??= content.slice();
    else if (kind === "ICCP") found.icc ??= content.slice();
    else if (kind === "ANIM") found.isAnimated = true;
    else if (kind === "ALPH") found.hasAlpha = true;
    else if (kind === "VP8L") {
      found.isLossless = true;
      found.hasAlpha = Boolean(content[4] & 16);
    } else if (!["VP8X", "VP8 ", "ANMF"].includes(kind)) {
      found.kept.push({ kind, bytes: chunk(kind, content) });
    }
  }
  return found;
}

/** The file for a decoder: without profile and orientation, so that it converts and turns nothing. */
export function forDecoding(bytes) {
  return file(
    [...chunksOf(bytes)]
      .filter(({ kind }) => ["VP8X", "VP8 ", "VP8L", "ALPH"].includes(kind))
      .map(({ kind, content }) => {
        const bare = content.slice();
        if (kind === "VP8X") bare[0] &= FLAGS.alpha;
        return chunk(kind, bare);
      }),
  );
}

/**
 * A result with what it is to carry.
 *
 * @param {Uint8Array} coded A file that the browser has written.
 * @param {{width: number, height: number}} size
 * @param {object} carried `exif`, `xmp`, `icc`, `kept`, as from `read`.
 */
export function write(coded, { width, height }, { exif, xmp, icc, kept }) {
  const pixels = [...chunksOf(coded)].filter(({ kind }) => ["VP8 ", "VP8L", "ALPH"].includes(kind));
  const hasAlpha = pixels.some(
    ({ kind, content }) => kind === "ALPH" || (kind === "VP8L" && content[4] & 16),
  );
  const flags = { xmp, exif, icc, alpha: hasAlpha };
  const header = new Uint8Array(10);
  header[0] = Object.keys(flags).reduce((sum, name) => sum | (flags[name] ? FLAGS[name] : 0), 0);
  header.set(bytesOf(width - 1, true).subarray(0, 3), 4);
  header.set(bytesOf(height - 1, true).subarray(0, 3), 7);
  const bytes = file([
    chunk("VP8X", header),
    ...(icc ? [chunk("ICCP", icc)] : []),
    ...pixels.map(({ kind, content }) => chunk(kind, content)),
    ...(exif ? [chunk("EXIF", exif)] : []),
    ...(xmp ? [chunk("XMP ", xmp)] : []),
    ...kept.map((each) => each.bytes),
  ]);
  return { bytes, notes: [] };
}
