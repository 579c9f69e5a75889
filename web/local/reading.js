/** From a file to its pixels, upright, and to what it carries. */

import { ofRgba } from "../pixels/picture.js";
import * as pngPixels from "./codecs/png.js";
import { EngineError, cutOff, damaged } from "./errors.js";
import { number } from "./files/bytes.js";
import { endOfJpeg } from "./files/companions.js";
import { orientationOf } from "./files/exif.js";
import { isLinear } from "./files/icc.js";
import * as jpeg from "./files/jpeg.js";
import * as png from "./files/png.js";
import * as webp from "./files/webp.js";
import { FORMATS, formatOf } from "./formats.js";
import { ofUpright, upright } from "./upright.js";

/** Megapixels that a page has room for; the program has no such bound. */
const MOST_MEGAPIXELS = 100;
const BAND = 512;

/**
 * Read a picture.
 *
 * @param {Uint8Array} bytes
 * @param {string} name
 * @returns {Promise<object>} {format, picture, bits, channels: {gray, alpha}, carried, notes}: the
 *   picture is RGBA as in pixels/picture.js, upright; `carried` is what a result is to have.
 * @throws {EngineError} For what is no picture, and what is not read here.
 */
export async function read(bytes, name) {
  const format = formatOf(bytes, name);
  const read = { JPEG: readJpeg, PNG: readPng, WEBP: readWebp }[format];
  const { pixels, found, channels } = await read(bytes);
  const orientation = orientationOf(found.exif);
  const turned = upright(pixels, orientation);
  const { carried, notes } = ofUpright(found, orientation);
  const picture = ofRgba(turned.data, turned.width, turned.height);
  const bits = pixels.data instanceof Uint16Array ? 16 : 8;
  return { format, picture, bits, channels, carried, notes };
}

async function readJpeg(bytes) {
  const found = jpeg.read(bytes);
  const { frame } = found;
  if (!frame.channels) throw damaged();
  if (endOfJpeg(bytes) === null) throw cutOff();
  checkSize(frame);
  if (!frame.isRead || frame.bits !== 8) throw unusual("this kind of JPEG is not read here");
  if (![1, 3].includes(frame.channels.length)) throw unusual("a JPEG in CMYK is not read here");
  refuseLinear(found);
  const pixels = await decoded(jpeg.forDecoding(bytes), "JPEG");
  return { pixels, found, channels: { gray: frame.channels.length === 1, alpha: false } };
}

async function readPng(bytes) {
  const found = await png.read(bytes);
  refuseAnimation(found);
  refuseLinear(found);
  const header = pngPixels.headerOf(bytes.subarray(16));
  checkSize(header);
  const pixels = await pngPixels.decode(bytes);
  return { pixels, found, channels: { gray: pixels.isGray, alpha: pixels.hasAlpha } };
}

async function readWebp(bytes) {
  if (number(bytes, 4, 4, true) + 8 > bytes.length) throw cutOff();
  const found = webp.read(bytes);
  refuseAnimation(found);
  refuseLinear(found);
  const pixels = await decoded(webp.forDecoding(bytes), "WEBP");
  if (found.hasAlpha)
    found.notes.push("colours of nearly transparent pixels rounded: the browser reads WebP so");
  return { pixels, found, channels: { gray: false, alpha: found.hasAlpha } };
}

function unusual(message) {
  return new EngineError(message, {
    remedy: "use the program, which reads it: scotopic enhance",
    status: 415,
  });
}

function refuseAnimation({ isAnimated }) {
  if (isAnimated)
    throw unusual("this page does not read animations, of which it would keep one frame");
}

function refuseLinear({ icc, isUnusual }) {
  if (isUnusual || isLinear(icc))
    throw unusual("the picture's colours are linear or HDR, which this page does not convert");
}

function checkSize({ width, height }) {
  const megapixels = (width * height) / 1e6;
  if (!megapixels) throw damaged();
  if (megapixels <= MOST_MEGAPIXELS) return;
  throw new EngineError(
    `the picture has ${Math.round(megapixels)} megapixels; this page takes up to ${MOST_MEGAPIXELS}`,
    {
      remedy: "use the program: scotopic enhance",
      status: 413,
    },
  );
}

/** The pixels of a file that the browser decodes. */
async function decoded(bytes, format) {
  const blob = new Blob([bytes], { type: FORMATS[format].type });
  const bitmap = await createImageBitmap(blob, {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  }).catch(() => {
    throw damaged();
  });
  try {
    checkSize(bitmap);
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/** The pixels of a bitmap, by bands: a canvas of the whole would be too large for some browsers. */
export function pixelsOf(bitmap) {
  const { width, height } = bitmap;
  const data = new Uint8ClampedArray(width * height * 4);
  const canvas = new OffscreenCanvas(width, Math.min(BAND, height));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.globalCompositeOperation = "copy";
  for (let top = 0; top < height; top += BAND) {
    const rows = Math.min(BAND, height - top);
    context.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
    data.set(context.getImageData(0, 0, width, rows).data, top * width * 4);
  }
  return { data, width, height };
}

/**
 * Whether a canvas gives back the pixels that were put into it. Some browsers change them, so
 * that pages cannot recognize the machine.
 */
export function isCanvasExact() {
  const side = 32;
  const context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  const image = new ImageData(side, side);
  image.data.forEach((_, i) => (image.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256));
  context.putImageData(image, 0, 0);
  return context.getImageData(0, 0, side, side).data.every((level, i) => level === image.data[i]);
}
