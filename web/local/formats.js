/** The formats: which are read and written here, and what to say of the others. */

import { EngineError } from "./errors.js";
import { hasAt, latin } from "./files/bytes.js";
import { isJpeg } from "./files/jpeg_segments.js";
import { isPng } from "./files/png_chunks.js";
import { isWebp } from "./files/webp.js";

/** Of those that are read and written: name, label, type, suffixes (the first for new files). */
export const FORMATS = {
  JPEG: { label: "JPEG", type: "image/jpeg", suffixes: [".jpg", ".jpeg", ".jpe", ".jfif"] },
  PNG: { label: "PNG", type: "image/png", suffixes: [".png"] },
  WEBP: { label: "WebP", type: "image/webp", suffixes: [".webp"] },
};
const RAW = /\.(dng|cr2|cr3|crw|nef|nrw|arw|srf|sr2|raf|orf|rw2|pef|srw|3fr|erf|kdc|mrw|x3f)$/i;
const PROGRAM = "use the program, which reads it: scotopic enhance";

/**
 * The format of a file, by its content.
 *
 * @throws {EngineError} For what is not read here, in one sentence that says what it is.
 */
export function formatOf(bytes, name) {
  if (isJpeg(bytes)) return "JPEG";
  if (isPng(bytes)) return "PNG";
  if (isWebp(bytes)) return "WEBP";
  const other = RAW.test(name) ? "camera RAW" : otherFormat(bytes);
  if (!bytes.length) throw new EngineError("the file is empty", { status: 415 });
  if (!other)
    throw new EngineError("this is no picture that can be read", {
      status: 415,
      code: "no_picture",
    });
  throw new EngineError(`this page does not read ${other} without the program`, {
    remedy: PROGRAM,
    status: 415,
    code: "other_format",
  });
}

function otherFormat(bytes) {
  const brands = latin(bytes.subarray(4, 40));
  if (/^ftyp.*avi[fs]/s.test(brands)) return "AVIF";
  if (/^ftyp(hei|hev|mif1|msf1)/.test(brands)) return "HEIC";
  if (/^ftypcrx/.test(brands)) return "camera RAW";
  if (/^(II[*+]\0|MM\0[*+])/.test(latin(bytes.subarray(0, 4)))) return "TIFF";
  if (hasAt(bytes, 0, "GIF8")) return "GIF";
  if (hasAt(bytes, 0, "BM")) return "BMP";
  if (hasAt(bytes, 0, "\xff\x0a") || hasAt(bytes, 4, "JXL ")) return "JPEG XL";
  if (hasAt(bytes, 0, "\xff\x4f\xff\x51") || hasAt(bytes, 4, "jP  ")) return "JPEG 2000";
  return null;
}

/** The format of a result: the one that a person names, such as "jpg", or the source's. */
export function formatOfResult(own, wanted) {
  if (!wanted) return own;
  const asked = `.${wanted.toLowerCase().replace(/^\./, "")}`;
  const found = Object.entries(FORMATS).find(([, { suffixes }]) => suffixes.includes(asked));
  if (found) return found[0];
  throw new EngineError(`this page does not write ${wanted} without the program`, {
    remedy: "choose jpg, png or webp, or use the program: scotopic enhance --format",
  });
}

/** The name of a result, beside its source's. */
export function nameOfResult(name, format) {
  const { suffixes } = FORMATS[format];
  const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/s.exec(name.replace(/^.*[\\/]/s, ""));
  const isOwn = suffix && suffixes.includes(suffix.toLowerCase());
  return `${stem || "picture"}_enhanced${isOwn ? suffix : suffixes[0]}`;
}
