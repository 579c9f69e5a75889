/**
 * EXIF blocks, changed in place: writing them anew would break the offsets in a MakerNote.
 *
 * The twin of scotopic/photo/carried/exif.py; and what a block says, for people. EXIF 2.32, 4.6.
 */

import { hasAt, number } from "./bytes.js";

export const PREFIX = "Exif\0\0";
const TAGS = {
  orientation: 0x0112,
  make: 0x010f,
  model: 0x0110,
  exif: 0x8769,
  gps: 0x8825,
  thumbnail: 0x0201,
  thumbnailSize: 0x0202,
  changed: 0x0132,
  latitude: 2,
  longitude: 4,
  exposure: 0x829a,
  aperture: 0x829d,
  iso: 0x8827,
  taken: 0x9003,
  focalLength: 0x920a,
  lens: 0xa434,
  width: 0xa002,
  height: 0xa003,
};
const SIZES = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8 };
const UPRIGHT = 1;
const MOST_TEXT = 120;

/** A block without the prefix that some formats put before it. */
export function bare(block) {
  return hasAt(block, 0, PREFIX) ? block.subarray(PREFIX.length) : block;
}

/** Whether a block starts as a TIFF does. */
export function hasHeader(block) {
  return hasAt(bare(block), 0, "II*\0") || hasAt(bare(block), 0, "MM\0*");
}

function isLittle(block) {
  return block[0] === 0x49;
}

/** Offsets of the whole entries of a directory, by their tags. */
function entriesOf(block, directory) {
  const little = isLittle(block);
  const count = number(block, directory, 2, little);
  const found = new Map();
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > block.length) break;
    const tag = number(block, at, 2, little);
    if (!found.has(tag)) found.set(tag, at);
  }
  return found;
}

/** The orientation, 1 to 8, in which pixels are stored. */
export function orientationOf(block) {
  if (!block || !hasHeader(block)) return UPRIGHT;
  const data = bare(block);
  const little = isLittle(data);
  const at = entriesOf(data, number(data, 4, 4, little)).get(TAGS.orientation);
  const value = at === undefined ? UPRIGHT : number(data, at + 8, 2, little);
  return value >= 1 && value <= 8 ? value : UPRIGHT;
}

/**
 * The block for an upright, enhanced picture: orientation 1, no thumbnail.
 *
 * A thumbnail would show the picture as dark as it was. Every other byte stays, and a damaged
 * block stays as it is.
 *
 * @param {Uint8Array} given With or without the prefix.
 * @returns {Uint8Array} Without the prefix.
 */
export function ofResult(given) {
  if (!hasHeader(given)) return given;
  const isOnItsSide = orientationOf(given) >= 5;
  const block = bare(given).slice();
  const little = isLittle(block);
  const directory = number(block, 4, 4, little);
  const entries = entriesOf(block, directory);
  const orientation = entries.get(TAGS.orientation);
  if (orientation !== undefined) put(block, orientation + 8, UPRIGHT, 2);
  const inner = entries.get(TAGS.exif);
  if (inner !== undefined && isOnItsSide) swapSides(block, number(block, inner + 8, 4, little));
  return withoutThumbnail(block, directory);
}

function put(block, at, value, size) {
  const little = isLittle(block);
  for (let i = 0; i < size; i++) {
    block[at + (little ? i : size - 1 - i)] = Math.floor(value / 256 ** i) % 256;
  }
}

function swapSides(block, directory) {
  const entries = entriesOf(block, directory);
  const [width, height] = [entries.get(TAGS.width), entries.get(TAGS.height)];
  if (width === undefined || height === undefined) return;
  const kept = block.slice(width + 2, width + 12);
  block.copyWithin(width + 2, height + 2, height + 12);
  block.set(kept, height + 2);
}

function withoutThumbnail(block, directory) {
  const little = isLittle(block);
  const link = directory + 2 + 12 * number(block, directory, 2, little);
  const second = number(block, link, 4, little);
  if (link + 4 > block.length || !second) return block;
  const entries = entriesOf(block, second);
  const value = (tag) => (entries.has(tag) ? number(block, entries.get(tag) + 8, 4, little) : 0);
  put(block, link, 0, 4);
  const place = value(TAGS.thumbnail);
  const endsBlock = place + value(TAGS.thumbnailSize) >= block.length;
  return place > Math.max(link, second) && endsBlock ? block.subarray(0, place) : block;
}

/**
 * What a block says of the photo, for people; what it does not say is null.
 *
 * @param {Uint8Array | null} given
 */
export function summaryOf(given) {
  if (!given || !hasHeader(given)) return {};
  const block = bare(given);
  const little = isLittle(block);
  const main = readerOf(block, number(block, 4, 4, little));
  const inner = readerOf(block, main.number(TAGS.exif) ?? block.length);
  const gps = readerOf(block, main.number(TAGS.gps) ?? block.length);
  const seconds = inner.ratio(TAGS.exposure);
  const [aperture, length] = [inner.ratio(TAGS.aperture), inner.ratio(TAGS.focalLength)];
  return {
    camera: cameraOf(main.text(TAGS.make), main.text(TAGS.model)),
    lens: inner.text(TAGS.lens),
    taken: dateOf(inner.text(TAGS.taken) ?? main.text(TAGS.changed)),
    exposure:
      seconds && (seconds >= 0.3 ? `${short(seconds, 3)} s` : `1/${Math.round(1 / seconds)} s`),
    aperture: aperture && `f/${short(aperture, 3)}`,
    focal_length: length && `${short(length, 4)} mm`,
    iso: inner.number(TAGS.iso) || null,
    place: gps.has(TAGS.latitude) && gps.has(TAGS.longitude),
  };
}

/** Maker and model, without the maker where the model names it. */
function cameraOf(make, model) {
  if (!make || !model) return model ?? make;
  return model.toLowerCase().startsWith(make.split(" ")[0].toLowerCase())
    ? model
    : `${make} ${model}`;
}

function dateOf(text) {
  if (!text || !/[1-9]/.test(text)) return null;
  const [day, ...time] = text.split(" ");
  return [day.replaceAll(":", "-"), ...time].join(" ").trim();
}

function short(value, digits) {
  return String(Number(value.toPrecision(digits)));
}

function readerOf(block, directory) {
  const little = isLittle(block);
  const entries = entriesOf(block, directory);
  const placeOf = (tag) => {
    const at = entries.get(tag);
    if (at === undefined) return null;
    const [kind, count] = [number(block, at + 2, 2, little), number(block, at + 4, 4, little)];
    const size = (SIZES[kind] ?? 0) * count;
    const place = size > 4 ? number(block, at + 8, 4, little) : at + 8;
    return size && place + size <= block.length ? { kind, size, place } : null;
  };
  return {
    has: (tag) => placeOf(tag) !== null,
    text(tag) {
      const found = placeOf(tag);
      if (!found) return null;
      const bytes = block.subarray(found.place, found.place + found.size);
      const [text] = new TextDecoder().decode(bytes).split("\0");
      return text.replace(/\p{C}/gu, "").trim().replace(/\s+/g, " ").slice(0, MOST_TEXT) || null;
    },
    number(tag) {
      const found = placeOf(tag);
      return found ? number(block, found.place, Math.min(SIZES[found.kind], 4), little) : null;
    },
    ratio(tag) {
      const found = placeOf(tag);
      if (!found || found.size < 8) return null;
      const [above, below] = [0, 4].map((more) => number(block, found.place + more, 4, little));
      return above && below ? above / below : null;
    },
  };
}
