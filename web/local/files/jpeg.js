/**
 * The segments of a JPEG file: what they carry, and how they go into a result.
 *
 * ITU-T T.81, B.1.1; EXIF 2.32, 4.7; XMP part 3, 1.1.3; ICC.1:2022, B.4; CIPA DC-007 (MPF).
 */

import { hasAt, joined, number, ofLatin } from "./bytes.js";
import { behindJpeg } from "./companions.js";
import { PREFIX } from "./exif.js";
import { MOST, segment, segmentsOf } from "./jpeg_segments.js";
import { nothing } from "./nothing.js";

const XMP = "http://ns.adobe.com/xap/1.0/\0";
const MORE_XMP = "http://ns.adobe.com/xmp/extension/\0";
const ICC = "ICC_PROFILE\0";
const PHOTOSHOP = "Photoshop 3.0\0";
const FRAMES = [0xc0, 0xc1, 0xc2, 0xc9, 0xca];
const NO_FRAMES = [0xc4, 0xc8, 0xcc];
const THUMBNAILS = [0x0409, 0x040c];

/** What a segment is. */
function kindOf({ marker, content }) {
  const has = (text) => hasAt(content, 0, text);
  if (marker === 0xe0) return has("JFIF\0") ? "jfif" : has("JFXX\0") ? "thumbnail" : "other";
  if (marker === 0xe1 && has(PREFIX)) return "exif";
  if (marker === 0xe1 && has(XMP)) return "xmp";
  if (marker === 0xe1 && has(MORE_XMP)) return "extended";
  if (marker === 0xe2 && has(ICC)) return "icc";
  if (marker === 0xe2 && has("MPF\0")) return "mpf";
  if (marker === 0xe2 && has("urn:iso:std:iso:ts:21496")) return "gain map";
  if (marker === 0xeb && has("JP")) return "credentials";
  if (marker === 0xed && has(PHOTOSHOP)) return "photoshop";
  if (marker === 0xee && has("Adobe")) return "adobe";
  if (marker === 0xfe) return "comment";
  return marker >= 0xe0 && marker <= 0xef ? "other" : "coding";
}

/**
 * What a file carries.
 *
 * @param {Uint8Array} bytes
 * @returns {object} `exif`, `xmp`, `icc`: bytes or null; `kept`: the segments that go into a JPEG
 *   as they are, {kind, bytes}; `frame`: how it is compressed; `notes`: what a result has not.
 */
export function read(bytes) {
  const found = { ...nothing(), left: new Set(), frame: {} };
  const profile = [];
  const tables = {};
  for (const each of segmentsOf(bytes)) {
    const kind = kindOf(each);
    const { content, marker } = each;
    if (kind === "exif") found.exif ??= content.slice(PREFIX.length);
    else if (kind === "xmp") found.xmp ??= content.slice(XMP.length);
    else if (kind === "icc") profile.push(content.subarray(ICC.length));
    else if (kind === "mpf" || kind === "gain map" || kind === "credentials") found.left.add(kind);
    else if (kind === "photoshop") keep(found, kind, marker, content);
    else if (kind === "jfif") keep(found, kind, marker, withoutThumbnail(content));
    else if (["extended", "comment", "other"].includes(kind)) keep(found, kind, marker, content);
    else if (marker === 0xdb) Object.assign(tables, tablesIn(content));
    else if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker))
      found.frame = frameOf(each);
  }
  joinPhotoshop(found);
  found.frame.tables = (found.frame.channels ?? []).map(({ table }) => tables[table]);
  found.icc = profileOf(profile);
  found.notes = notesOf(bytes, found);
  return found;
}

function keep(found, kind, marker, content) {
  found.kept.push({ kind, bytes: segment(marker, content) });
}

/** Photoshop's resources may go over several segments: they are kept together, without thumbnails. */
function joinPhotoshop(found) {
  const own = found.kept.filter(({ kind }) => kind === "photoshop");
  if (!own.length) return;
  const head = 4 + PHOTOSHOP.length;
  const resources = withoutThumbnails(joined(own.map(({ bytes }) => bytes.subarray(head))));
  const place = found.kept.indexOf(own[0]);
  const others = found.kept.filter(({ kind }) => kind !== "photoshop");
  const parts = split(0xed, ofLatin(PHOTOSHOP), resources).map((bytes) => ({
    kind: "photoshop",
    bytes,
  }));
  found.kept = [...others.slice(0, place), ...parts, ...others.slice(place)];
}

/** Photoshop's resources without thumbnails, which would show the picture as dark as it was. */
function withoutThumbnails(resources) {
  const kept = [];
  let at = 0;
  while (hasAt(resources, at, "8BIM") && at + 12 <= resources.length) {
    const name = 1 + resources[at + 6];
    const start = at + 6 + name + (name % 2) + 4;
    const size = number(resources, start - 4, 4);
    const end = start + size + (size % 2);
    if (!THUMBNAILS.includes(number(resources, at + 4, 2))) kept.push(resources.subarray(at, end));
    at = end;
  }
  return joined([...kept, resources.subarray(at)]);
}

function withoutThumbnail(jfif) {
  const kept = jfif.slice(0, 14);
  kept.fill(0, 12);
  return kept;
}

function tablesIn(content) {
  const tables = {};
  for (let at = 0; at < content.length;) {
    const [bytes, name] = [content[at] >> 4 ? 2 : 1, content[at] & 15];
    const from = at + 1;
    tables[name] = Uint16Array.from({ length: 64 }, (_, i) =>
      number(content, from + i * bytes, bytes),
    );
    at += 1 + 64 * bytes;
  }
  return tables;
}

function frameOf({ marker, content }) {
  const channels = Array.from({ length: content[5] }, (_, i) => {
    const [, factors, table] = content.subarray(6 + 3 * i, 9 + 3 * i);
    return { factors: [factors >> 4, factors & 15], table };
  });
  const size = { height: number(content, 1, 2), width: number(content, 3, 2) };
  return {
    ...size,
    bits: content[0],
    channels,
    isRead: FRAMES.includes(marker),
    isProgressive: [0xc2, 0xca].includes(marker),
  };
}

function profileOf(parts) {
  if (!parts.length) return null;
  const inOrder = [...parts].sort((a, b) => a[0] - b[0]);
  return inOrder.length === parts[0][1] ? joined(inOrder.map((part) => part.subarray(2))) : null;
}

function notesOf(bytes, { left, frame }) {
  const behind = behindJpeg(bytes);
  const notes = behind.length ? [`${behind.join(", ")} left out`] : [];
  if (left.has("mpf") && !behind.length)
    notes.push("index of further pictures left out: there are none");
  if (left.has("credentials"))
    notes.push("content credentials left out: they are of the file as it was");
  if (frame.isProgressive) notes.push("JPEG not progressive as it was: this page writes none");
  return notes;
}

/**
 * The file for a decoder: without profile and orientation, so that it converts and turns nothing.
 */
export function forDecoding(bytes) {
  const parts = [bytes.subarray(0, 2)];
  let end = 2;
  for (const each of segmentsOf(bytes)) {
    const kind = kindOf(each);
    if (["coding", "jfif", "adobe"].includes(kind))
      parts.push(bytes.subarray(each.start, each.stop));
    end = each.stop;
  }
  return joined([...parts, bytes.subarray(end)]);
}

/**
 * A result with what it is to carry.
 *
 * @param {{head: Uint8Array, body: Uint8Array}} coded As from codecs/jpeg.js.
 * @param {object} carried `exif`, `xmp`, `icc`, `kept`, as from `read`; EXIF of at most MOST_EXIF
 *   and XMP of at most MOST_XMP bytes.
 * @returns {{bytes: Uint8Array, notes: string[]}}
 */
export function write({ head, body }, { exif, xmp, icc, kept }) {
  const jfif = kept.filter(({ kind }) => kind === "jfif").slice(0, 1);
  if (!jfif.length && !exif)
    jfif.push({ bytes: segment(0xe0, [...ofLatin("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0]) });
  const others = kept.filter(({ kind }) => kind !== "jfif" && kind !== "comment");
  const comments = kept.filter(({ kind }) => kind === "comment");
  const bytes = joined([
    head,
    ...jfif.map((each) => each.bytes),
    ...(exif ? [segment(0xe1, joined([ofLatin(PREFIX), exif]))] : []),
    ...(xmp ? [segment(0xe1, joined([ofLatin(XMP), xmp]))] : []),
    ...(icc ? profileSegments(icc) : []),
    ...[...others, ...comments].map((each) => each.bytes),
    body,
  ]);
  return { bytes, notes: [] };
}

/** Most bytes of an EXIF block, and of an XMP packet, in a JPEG. */
export const MOST_EXIF = MOST - PREFIX.length;
export const MOST_XMP = MOST - XMP.length;

/** A comment as a segment; null if it is too long for one. */
export function comment(bytes) {
  return bytes.length > MOST ? null : { kind: "comment", bytes: segment(0xfe, bytes) };
}

/** Resolution in pixels for each inch as a segment; null for none that it can tell. */
export function resolution(across, down) {
  if (![across, down].every((each) => each >= 1 && each <= 65535)) return null;
  const numbers = [across, down].flatMap((each) => [each >> 8, each & 255]);
  return { kind: "jfif", bytes: segment(0xe0, [...ofLatin("JFIF\0"), 1, 1, 1, ...numbers, 0, 0]) };
}

function profileSegments(icc) {
  const room = MOST - ICC.length - 2;
  const count = Math.ceil(icc.length / room);
  return Array.from({ length: count }, (_, i) =>
    segment(0xe2, joined([ofLatin(ICC), [i + 1, count], icc.subarray(i * room, (i + 1) * room)])),
  );
}

function split(marker, head, content) {
  const room = MOST - head.length;
  const count = Math.ceil(content.length / room);
  return Array.from({ length: count }, (_, i) =>
    segment(marker, joined([head, content.subarray(i * room, (i + 1) * room)])),
  );
}
