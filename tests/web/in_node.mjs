/**
 * Read a picture and write it again as the page without a server does, in Node.js:
 *
 *     node in_node.mjs FOLDER FILE TARGET OPTIONS
 *
 * FOLDER is where the page is laid out. Node.js decodes no JPEG and writes no WebP: pixels of a
 * JPEG or WebP are those of `levelAt`, and a WebP is written as the file that was read. With the
 * option `isForeseen` nothing is written, and what a result would carry is told.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, file, target, options] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(resolve(folder), "local", name)));

export function levelAt(x, y, channel) {
  return (x * 3 + y * 5 + channel * 40) % 256;
}

/** Bytes of the buffers behind all arrays in an object. */
function heldBy(object) {
  if (ArrayBuffer.isView(object)) return object.buffer.byteLength;
  if (!object || typeof object !== "object") return 0;
  return Object.values(object).reduce((sum, each) => sum + heldBy(each), 0);
}

let decoded = null;

/** Width and height of a JPEG, or of a WebP that has a header of its own for them. */
async function sizeOf(bytes) {
  const { segmentsOf, isJpeg } = await load("files/jpeg_segments.js");
  const { number } = await load("files/bytes.js");
  if (!isJpeg(bytes)) return [24, 27].map((at) => 1 + number(bytes, at, 3, true));
  const frame = [...segmentsOf(bytes)].find(({ marker }) => [0xc0, 0xc1, 0xc2].includes(marker));
  return [3, 1].map((at) => number(frame.content, at, 2));
}

globalThis.createImageBitmap = async (blob) => {
  decoded = new Uint8Array(await blob.arrayBuffer());
  const [width, height] = await sizeOf(decoded);
  return { width, height, close() {} };
};

globalThis.ImageData ??= class {};

globalThis.OffscreenCanvas = class {
  getContext() {
    let top = 0;
    return {
      putImageData() {},
      drawImage: (_, __, first) => (top = first),
      getImageData(_, __, width, height) {
        const data = new Uint8ClampedArray(width * height * 4);
        for (let i = 0; i < data.length; i++) {
          const pixel = i >> 2;
          data[i] =
            i % 4 === 3 ? 255 : levelAt(pixel % width, top + Math.floor(pixel / width), i % 4);
        }
        return { data };
      },
    };
  }

  convertToBlob() {
    return new Blob([decoded]);
  }
};

const { read } = await load("reading.js");
const { write } = await load("writing.js");
const { stays } = await load("report.js");
const { summaryOf } = await load("files/exif.js");
const how = {
  format: null,
  quality: null,
  strip: false,
  isForeseen: false,
  maker: "scotopic 0 (standard)",
  ...JSON.parse(options ?? "{}"),
};
try {
  const photo = await read(new Uint8Array(readFileSync(file)), basename(file));
  const format = how.format ?? photo.format;
  const { kept, notes: expected } = stays(photo, { ...how, format });
  if (how.isForeseen) {
    console.log(JSON.stringify({ notes: expected, kept }));
    process.exit();
  }
  const { blob, notes } = await write(photo, { ...how, format });
  writeFileSync(target, new Uint8Array(await blob.arrayBuffer()));
  const exif = summaryOf(photo.carried.exif);
  const held = heldBy(photo.carried);
  console.log(JSON.stringify({ notes: [...photo.notes, ...notes], exif, kept, held }));
} catch (error) {
  if (error.name !== "EngineError") throw error;
  console.log(JSON.stringify({ error: error.message, remedy: error.remedy }));
}
