/** The segments of a JPEG file. ITU-T T.81, B.1.1. */

import { hasAt, joined, number } from "./bytes.js";

/** Most bytes of the content of a segment. */
export const MOST = 65533;

export function isJpeg(bytes) {
  return hasAt(bytes, 0, "\xff\xd8\xff");
}

/** Marker and place of each segment before the pixels; `content` is without its length. */
export function* segmentsOf(bytes) {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return;
    const stop = at + 2 + number(bytes, at + 2, 2);
    if (stop > bytes.length) return;
    yield { marker, start: at, stop, content: bytes.subarray(at + 4, stop) };
    at = stop;
  }
}

/** A segment as a file has it; its content has at most `MOST` bytes. */
export function segment(marker, content) {
  const length = content.length + 2;
  return joined([[0xff, marker, length >> 8, length & 255], content]);
}
