/**
 * What stands behind the end of a JPEG: videos, gain maps, further pictures. A result has none.
 *
 * The twin of scotopic/photo/carried/companions.py, as far as it is about JPEG.
 */

import { hasAt, indexOf, latin, number } from "./bytes.js";

const GAIN_MAPS = /hdr-gain-map|hdrgainmap|HDRGainMap|urn:iso:std:iso:ts:21496/;
const MOST = 64;

/** Where a JPEG that begins at an offset ends; null if it has no end. */
export function endOfJpeg(bytes, start = 0) {
  if (bytes[start] !== 0xff || bytes[start + 1] !== 0xd8) return null;
  let at = start + 2;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return null;
    const kind = bytes[at + 1];
    if (kind === 0xff) at += 1;
    else if (kind === 0 || (kind >= 0xd0 && kind <= 0xd8) || kind === 0x01) at += 2;
    else if (kind === 0xd9) return at + 2;
    else at += 2 + number(bytes, at + 2, 2);
  }
}

/** What a file has behind its picture, in words. */
export function behindJpeg(bytes) {
  const end = endOfJpeg(bytes);
  if (end === null || /^[\0\xff\r\n\t ]*$/.test(latin(bytes.subarray(end, end + 2 ** 20))))
    return [];
  const video = indexOf(bytes, "ftyp", end);
  const pictures = picturesIn(bytes, end, video < 0 ? bytes.length : video);
  const isGainMap = (text) => GAIN_MAPS.test(text);
  const isDepthMap = (text) => !isGainMap(text) && text.includes("epthMap");
  const found = video >= 0 ? ["video of a motion photo"] : [];
  if (pictures.some(isGainMap)) found.push("gain map");
  if (pictures.some(isDepthMap)) found.push("depth map");
  const others = pictures.filter((text) => !isGainMap(text) && !isDepthMap(text)).length;
  if (others) found.push(others > 1 ? `${others} further pictures` : "a further picture");
  if (hasAt(bytes, bytes.length - 4, "SEFT")) found.push("Samsung's trailer");
  return found.length ? found : [`${bytes.length - end} bytes behind the picture`];
}

/** The JPEGs that stand one behind the other, as texts. */
function picturesIn(bytes, start, end) {
  const found = [];
  let at = indexOf(bytes, "\xff\xd8\xff", start, end);
  while (at >= 0 && found.length < MOST) {
    const past = endOfJpeg(bytes, at) ?? end;
    found.push(latin(bytes.subarray(at, Math.min(past, at + 2 ** 20))));
    at = indexOf(bytes, "\xff\xd8\xff", past, end);
  }
  return found;
}
