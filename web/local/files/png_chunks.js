/** The chunks of a PNG file. PNG specification, third edition, 5. */

import { crc32 } from "../../files/crc.js";
import { bytesOf, hasAt, joined, latin, number, ofLatin } from "./bytes.js";

export const SIGNATURE = "\x89PNG\r\n\x1a\n";

export function isPng(bytes) {
  return hasAt(bytes, 0, SIGNATURE);
}

/** Kind and content of each chunk that has all its bytes, and whether they are those of its sum. */
export function* chunksOf(bytes) {
  let at = SIGNATURE.length;
  while (at + 12 <= bytes.length) {
    const length = number(bytes, at, 4);
    const stop = at + 8 + length;
    if (stop + 4 > bytes.length) return;
    const kind = latin(bytes.subarray(at + 4, at + 8));
    const isRight = crc32(bytes.subarray(at + 4, stop)) === number(bytes, stop, 4);
    yield { kind, content: bytes.subarray(at + 8, stop), isRight };
    at = stop + 4;
  }
}

/** A chunk as a file has it. */
export function chunk(kind, content) {
  const body = joined([ofLatin(kind), content]);
  return joined([bytesOf(content.length), body, bytesOf(crc32(body))]);
}
