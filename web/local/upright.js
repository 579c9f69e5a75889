/** Pictures turned upright, and what they carry then. EXIF 2.32, 4.6.4, tag 0x0112 (Orientation). */

import { hasHeader, ofResult } from "./files/exif.js";
import {
  namesDepth,
  upright as uprightXmp,
  withoutCompanions,
  withoutExtension,
} from "./files/xmp.js";

/** Pixels turned upright from an EXIF orientation, 1 to 8. */
export function upright({ data, width, height }, orientation) {
  if (orientation === 1) return { data, width, height };
  const isOnItsSide = orientation >= 5;
  const [wide, tall] = isOnItsSide ? [height, width] : [width, height];
  const isMirrored = [2, 3, 6, 7].includes(orientation);
  const isUpsideDown = [3, 4, 7, 8].includes(orientation);
  const result = new data.constructor(data.length);
  for (let y = 0, to = 0; y < tall; y++) {
    const row = isUpsideDown ? tall - 1 - y : y;
    for (let x = 0; x < wide; x++, to += 4) {
      const column = isMirrored ? wide - 1 - x : x;
      const from = 4 * (isOnItsSide ? column * width + row : row * width + column);
      result[to] = data[from];
      result[to + 1] = data[from + 1];
      result[to + 2] = data[from + 2];
      result[to + 3] = data[from + 3];
    }
  }
  return { data: result, width: wide, height: tall };
}

/**
 * What is carried by an upright picture that stands alone in its file.
 *
 * @param {object} found What a file carries, as from the modules of files/.
 * @param {number} orientation In which its pixels were stored.
 */
export function ofUpright(found, orientation) {
  const notes = [...found.notes];
  let { exif, xmp, kept } = found;
  const { icc, frame = null, isLossless = false } = found;
  const isDamaged = exif !== null && !hasHeader(exif);
  if (isDamaged) notes.push("EXIF left out: it is damaged");
  exif = exif && !isDamaged ? ofResult(exif) : null;
  // What damaged EXIF says of the orientation is not known, and so the pixels are not turned.
  if (xmp && !isDamaged) xmp = uprightXmp(xmp);
  if (xmp && orientation !== 1 && namesDepth(xmp)) {
    xmp = withoutExtension(xmp);
    kept = kept.filter(({ kind }) => kind !== "extended");
    notes.push("depth map left out: it is not turned");
  }
  const alone = xmp && withoutCompanions(xmp);
  if (alone !== xmp) notes.push("XMP that names videos, gain maps or depth maps left out");
  return { carried: { exif, xmp: alone, icc, kept, frame, isLossless }, notes };
}
