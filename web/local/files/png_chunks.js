/** The chunks of a PNG file. PNG specification, third edition, 5. */

import { bytesOf, hasAt, joined, latin, number, ofLatin } from "./bytes.js";

export const SIGNATURE = "\x89PNG\r\n\x1a\n";

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crcOf(bytes) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

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
    const isRight = crcOf(bytes.subarray(at + 4, stop)) === number(bytes, stop, 4);
    yield { kind, content: bytes.subarray(at + 8, stop), isRight };
    at = stop + 4;
  }
}

/** A chunk as a file has it. */
export function chunk(kind, content) {
  const body = joined([ofLatin(kind), content]);
  return joined([bytesOf(content.length), body, bytesOf(crcOf(body))]);
}
