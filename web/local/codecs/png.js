/**
 * Reading and writing the pixels of PNG, exactly as they are stored.
 *
 * A browser's canvas multiplies colours by their opacity, has 8 bits a channel, and converts
 * colours by their profile. PNG specification, third edition, 7 to 10.
 */

import { cutOff, damaged } from "../errors.js";
import { joined, number, ofLatin } from "../files/bytes.js";
import { SIGNATURE, chunk, chunksOf } from "../files/png_chunks.js";
import { deflated, inflated } from "../files/streams.js";

/** Of each pass of an interlaced picture: first column and row, and the steps. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };

/** What the first chunk of a PNG says. */
export function headerOf(content) {
  const [bits, kind, , , interlaced] = content.subarray(8, 13);
  return { width: number(content, 0, 4), height: number(content, 4, 4), bits, kind, interlaced };
}

/**
 * Decode a file.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<object>} A picture of RGBA, as in pixels/picture.js, but `isGray` and
 *   `hasAlpha` say which channels the file has.
 */
export async function decode(bytes) {
  const chunks = [...chunksOf(bytes)];
  const content = (kind) => chunks.find((each) => each.kind === kind)?.content;
  const header = content("IHDR");
  const ofPixels = ["IHDR", "PLTE", "tRNS", "IDAT"];
  const isDamaged = chunks.some(({ kind, isRight }) => !isRight && ofPixels.includes(kind));
  if (!header || header.length < 13 || isDamaged) throw damaged();
  const image = { ...headerOf(header), palette: content("PLTE"), transparent: content("tRNS") };
  const known = DEPTHS[image.kind]?.includes(image.bits) && image.width && image.height;
  if (!known || (image.kind === 3 && !image.palette)) throw damaged();
  image.channels = CHANNELS[image.kind];
  const passes = passesOf(image);
  const size = passes.reduce((sum, pass) => sum + pass.height * (1 + pass.line), 0);
  const packed = joined(chunks.filter(({ kind }) => kind === "IDAT").map((each) => each.content));
  const { bytes: raw } = await inflated(packed, size);
  if (raw.length < size || !chunks.some(({ kind }) => kind === "IEND")) {
    throw cutOff();
  }
  return unpacked(image, passes, raw);
}

function passesOf({ width, height, bits, channels, interlaced }) {
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1]];
  return passes
    .map(([left, top, stepX, stepY]) => {
      const wide = Math.ceil((width - left) / stepX);
      const tall = Math.ceil((height - top) / stepY);
      const line = Math.ceil((wide * bits * channels) / 8);
      return { left, top, stepX, stepY, width: wide, height: tall, line };
    })
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

function unpacked(image, passes, raw) {
  const { width, height, bits, kind } = image;
  const data = new (bits === 16 ? Uint16Array : Uint8ClampedArray)(width * height * 4);
  const write = writerOf(image, data);
  const pixelBytes = Math.max(1, (bits * image.channels) >> 3);
  let at = 0;
  for (const pass of passes) {
    let above = new Uint8Array(pass.line);
    for (let row = 0; row < pass.height; row++) {
      const line = raw.subarray(at + 1, at + 1 + pass.line);
      unfilter(raw[at], line, above, pixelBytes);
      const start = (pass.top + row * pass.stepY) * width + pass.left;
      for (let x = 0; x < pass.width; x++) write(line, x, 4 * (start + x * pass.stepX));
      above = line;
      at += 1 + pass.line;
    }
  }
  const isGray = kind === 0 || kind === 4;
  const hasAlpha = kind >= 4 || Boolean(image.transparent);
  return { data, width, height, isGray, hasAlpha, bits: bits === 16 ? 16 : 8 };
}

function unfilter(kind, line, above, step) {
  for (let i = 0; i < line.length; i++) {
    const left = i < step ? 0 : line[i - step];
    if (kind === 1) line[i] += left;
    else if (kind === 2) line[i] += above[i];
    else if (kind === 3) line[i] += (left + above[i]) >> 1;
    else if (kind === 4) line[i] += paeth(left, above[i], i < step ? 0 : above[i - step]);
  }
}

function paeth(left, above, corner) {
  const [a, b, c] = [
    Math.abs(above - corner),
    Math.abs(left - corner),
    Math.abs(left + above - 2 * corner),
  ];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** What writes a pixel of a line, unpacked, into RGBA. */
function writerOf({ bits, kind, channels, palette, transparent }, data) {
  const most = 2 ** bits - 1;
  const value = (line, place) => {
    if (bits === 8) return line[place];
    if (bits === 16) return (line[2 * place] << 8) | line[2 * place + 1];
    const shift = 8 - bits - ((place * bits) & 7);
    return (line[(place * bits) >> 3] >> shift) & most;
  };
  const full = bits === 16 ? 65535 : 255;
  if (kind === 3) return paletteWriter(value, palette, transparent, data);
  const isGray = kind === 0 || kind === 4;
  const scale = full / most;
  const clear =
    transparent && Array.from({ length: channels }, (_, i) => number(transparent, 2 * i, 2));
  return (line, x, at) => {
    const place = x * channels;
    for (let channel = 0; channel < 3; channel++) {
      data[at + channel] = scale * value(line, place + (isGray ? 0 : channel));
    }
    if (kind >= 4) data[at + 3] = value(line, place + channels - 1);
    else data[at + 3] = clear?.every((level, i) => level === value(line, place + i)) ? 0 : full;
  };
}

function paletteWriter(value, palette, transparent, data) {
  return (line, x, at) => {
    const index = value(line, x);
    for (let channel = 0; channel < 3; channel++) data[at + channel] = palette[3 * index + channel];
    data[at + 3] = transparent?.[index] ?? 255;
  };
}

/**
 * Encode pixels.
 *
 * @param {{data: Uint8ClampedArray | Uint16Array, width: number, height: number}} picture RGBA.
 * @param {{gray: boolean, alpha: boolean}} channels Which of them the file is to have.
 * @returns {Promise<{head: Uint8Array, body: Uint8Array}>} Signature and first chunk, and the
 *   chunks of the pixels and the end: chunks of metadata belong between them.
 */
export async function encode(picture, { gray, alpha }) {
  const bits = picture.data instanceof Uint16Array ? 16 : 8;
  const kind = (gray ? 0 : 2) + (alpha ? 4 : 0);
  const { width, height } = picture;
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([bits, kind], 8);
  const packed = await deflated(filtered(picture, { bits, gray, alpha }));
  return {
    head: joined([ofLatin(SIGNATURE), chunk("IHDR", header)]),
    body: joined([chunk("IDAT", packed), chunk("IEND", new Uint8Array(0))]),
  };
}

/** All rows, each with the filter that makes its bytes smallest. */
function filtered({ data, width, height }, { bits, gray, alpha }) {
  const places = [...(gray ? [0] : [0, 1, 2]), ...(alpha ? [3] : [])];
  const step = places.length * (bits / 8);
  const length = width * step;
  const result = new Uint8Array(height * (1 + length));
  let above = new Uint8Array(length);
  let line = new Uint8Array(length);
  const tried = [1, 2, 4].map((kind) => ({ kind, bytes: new Uint8Array(length), sum: 0 }));
  for (let row = 0; row < height; row++) {
    packLine(data, row * width, width, { places, bits, line });
    for (const each of tried) each.sum = filterLine(each.kind, { line, above, step }, each.bytes);
    const best = tried.reduce((a, b) => (b.sum < a.sum ? b : a));
    result[row * (1 + length)] = best.kind;
    result.set(best.bytes, row * (1 + length) + 1);
    [line, above] = [above, line];
  }
  return result;
}

function packLine(data, first, width, { places, bits, line }) {
  for (let x = 0, to = 0; x < width; x++) {
    for (const place of places) {
      const value = data[4 * (first + x) + place];
      if (bits === 16) line[to++] = value >> 8;
      line[to++] = value & 255;
    }
  }
}

/** Filter a line; the sum says how large its bytes are, taken as signed. */
function filterLine(kind, { line, above, step }, into) {
  let sum = 0;
  for (let i = 0; i < line.length; i++) {
    const left = i < step ? 0 : line[i - step];
    let guess = left;
    if (kind === 2) guess = above[i];
    else if (kind === 4) guess = paeth(left, above[i], i < step ? 0 : above[i - step]);
    const byte = (line[i] - guess) & 255;
    into[i] = byte;
    sum += byte < 128 ? byte : 256 - byte;
  }
  return sum;
}
