/** From pixels to a file, with all that its format has a place for. */

import * as jpegPixels from "./codecs/jpeg.js";
import { tablesOf } from "./codecs/jpeg_tables.js";
import * as pngPixels from "./codecs/png.js";
import { convert } from "./converting.js";
import { EngineError } from "./errors.js";
import { isGray } from "./files/icc.js";
import * as jpeg from "./files/jpeg.js";
import * as png from "./files/png.js";
import * as webp from "./files/webp.js";
import { credited } from "./files/xmp.js";
import { FORMATS } from "./formats.js";

const USUAL_QUALITY = 95;
const FULL_SAMPLING = [
  [1, 1],
  [1, 1],
  [1, 1],
];

/**
 * Encode a picture.
 *
 * @param {object} photo As from `read` in reading.js.
 * @param {object} how
 * @param {string} how.format A key of `FORMATS`.
 * @param {number | null} how.quality 1 to 100; null for that of the source.
 * @param {boolean} how.strip Whether all metadata is left out but the colours' profile.
 * @param {string} how.maker The software that the file is to name.
 * @returns {Promise<{blob: Blob, notes: string[]}>}
 */
export async function write(photo, { format, quality, strip, maker }) {
  const { carried, notes } = carriedBy(photo, { format, strip, maker });
  const picture = format === "PNG" ? photo.picture : in8Bits(photo.picture);
  if (picture !== photo.picture)
    notes.push(`16 bits a channel cut to 8: ${FORMATS[format].label} holds no more`);
  if (quality && format === "PNG") notes.push("quality not used: PNG has none");
  const encode = { JPEG: encodeJpeg, PNG: encodePng, WEBP: encodeWebp }[format];
  const made = await encode({ ...photo, picture, carried }, quality);
  const blob = new Blob([made.bytes], { type: FORMATS[format].type });
  return { blob, notes: [...notes, ...made.notes] };
}

/**
 * What a result of a format carries, and notes on what it does not.
 *
 * @param {object} photo As from `read` in reading.js.
 * @param {{format: string, strip: boolean, maker: string}} how As for `write`.
 * @returns {{carried: object, notes: string[]}}
 */
export function carriedBy({ format: own, carried: given, channels }, { format, strip, maker }) {
  const carried = { ...given };
  const { label } = FORMATS[format];
  const notes = [];
  if (strip) {
    Object.assign(carried, { exif: null, xmp: null, kept: given.kept.filter(png.isColour) });
  } else {
    carried.xmp = creditedIn(format, given.xmp, maker);
  }
  if (own !== format) notes.push(...convert(carried, own, format));
  if (isGray(given.icc) && !(channels.gray && format !== "WEBP")) {
    carried.icc = null;
    notes.push("colour profile of gray left out, since RGB is written");
  }
  if (format === "JPEG") notes.push(...withoutTooLarge(carried));
  if (channels.alpha && format === "JPEG")
    notes.push(`transparency not written: ${label} holds none`);
  return { carried, notes };
}

function creditedIn(format, xmp, maker) {
  const made = credited(xmp, maker);
  return format === "JPEG" && made.length > jpeg.MOST_XMP ? xmp : made;
}

/** Take away what a JPEG has no room for; notes on it. */
function withoutTooLarge(carried) {
  const rooms = { exif: jpeg.MOST_EXIF, xmp: jpeg.MOST_XMP };
  const tooLarge = Object.keys(rooms).filter((name) => carried[name]?.length > rooms[name]);
  for (const name of tooLarge) carried[name] = null;
  return tooLarge.map((name) => `${name.toUpperCase()} not written: it is too large for a JPEG`);
}

function in8Bits(picture) {
  if (!(picture.data instanceof Uint16Array)) return picture;
  const data = Uint8ClampedArray.from(picture.data, (level) => level / 257);
  return { ...picture, data, scale: 255 };
}

async function encodeJpeg({ picture, channels, carried }, quality) {
  const { tables, sampling } = compressionOf(carried.frame, channels, quality);
  const coded = jpegPixels.encode(picture, { gray: channels.gray, tables, sampling });
  return jpeg.write(coded, carried);
}

/** How a JPEG is compressed: as its source was, or by a quality and with all colours. */
function compressionOf(frame, channels, quality) {
  const factors = frame?.channels?.map((channel) => channel.factors) ?? [];
  const fits =
    factors.length === (channels.gray ? 1 : 3) &&
    frame.tables.every(Boolean) &&
    factors.every((own) =>
      [0, 1].every(
        (axis) => own[axis] && Math.max(...factors.map((each) => each[axis])) % own[axis] === 0,
      ),
    );
  if (fits && !quality) return { tables: frame.tables, sampling: factors };
  const [brightness, colour] = tablesOf(quality || USUAL_QUALITY);
  return { tables: [brightness, colour, colour], sampling: FULL_SAMPLING };
}

async function encodePng({ picture, channels, carried }) {
  return png.write(await pngPixels.encode(picture, channels), carried);
}

async function encodeWebp({ picture, channels, carried }, quality) {
  const isLossless = carried.isLossless && !quality;
  const blob = await canvasOf(picture).convertToBlob({
    type: "image/webp",
    quality: isLossless ? 1 : (quality || USUAL_QUALITY) / 100,
  });
  const coded = new Uint8Array(await blob.arrayBuffer());
  if (!webp.isWebp(coded)) {
    throw new EngineError("this browser does not write WebP", {
      remedy: "choose another format, such as png, or use the program: scotopic enhance",
    });
  }
  const made = webp.write(coded, picture, carried);
  if (isLossless && !webp.read(coded).isLossless)
    made.notes.push("compressed with loss: this browser writes WebP so");
  if (channels.alpha)
    made.notes.push("colours of nearly transparent pixels rounded: the browser writes WebP so");
  return made;
}

/** A canvas with a picture of 8 bits. */
function canvasOf({ data, width, height }) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

/**
 * A picture for display, as a JPEG, or a PNG if it is transparent in places; with the profile of
 * its colours, so that the browser shows them right.
 */
export async function forDisplay(picture, { icc, alpha }) {
  const canvas = canvasOf(in8Bits(picture));
  const type = alpha ? "image/png" : "image/jpeg";
  const blob = await canvas.convertToBlob({ type, quality: 0.9 });
  if (!icc || isGray(icc)) return blob;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  // What a browser writes begins with its signature and one head: the profile goes behind them.
  const place = alpha ? 33 : 2;
  const coded = { head: bytes.subarray(0, place), body: bytes.subarray(place) };
  const carried = { exif: null, xmp: null, icc, kept: [] };
  const made = alpha ? await png.write(coded, carried) : jpeg.write(coded, carried);
  return new Blob([made.bytes], { type });
}
