/**
 * Zip archives, stored without compression: pictures are compressed already.
 *
 * The archive is a Blob made of blobs, so that its pictures are not copied into memory.
 * Names are UTF-8 (flag bit 11). Archives stay under the limits of the format without
 * Zip64, 4 GiB and 65535 files; `parts` divides what is more.
 */
import { crcOfBlob } from "./crc.js";

const MOST_BYTES = 2 ** 32 - 2 ** 24;
const MOST_FILES = 65535;
const LOCAL = 0x04034b50,
  CENTRAL = 0x02014b50,
  END = 0x06054b50;
const VERSION = 20,
  UTF8 = 1 << 11;

/** Little-endian bytes of [size, value] pairs. */
function packed(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let place = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(place, value, true);
    else view.setUint32(place, value, true);
    place += size;
  }
  return new Uint8Array(view.buffer);
}

/** Time and date as MS-DOS has them, in two-second steps from 1980 on. */
function dosTime(date) {
  const year = Math.max(0, date.getFullYear() - 1980);
  return {
    time: (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1),
    date: (year << 9) | ((date.getMonth() + 1) << 5) | date.getDate(),
  };
}

/** What the local and the central header of a file have in common. */
const shared = (entry, when) => [
  [2, VERSION],
  [2, UTF8],
  [2, 0],
  [2, when.time],
  [2, when.date],
  [4, entry.crc],
  [4, entry.size],
  [4, entry.size],
  [2, entry.name.length],
  [2, 0],
];

/**
 * @param {{name: string, blob: Blob}[]} files With names that differ.
 * @param {Date} [date] Written as the time of every file.
 * @returns {Promise<Blob>}
 */
export async function zip(files, date = new Date()) {
  const when = dosTime(date),
    body = [],
    directory = [];
  let offset = 0;
  for (const { name, blob } of files) {
    const entry = {
      name: new TextEncoder().encode(name),
      size: blob.size,
      crc: await crcOfBlob(blob),
    };
    const local = packed([[4, LOCAL], ...shared(entry, when)]);
    const central = packed([
      [4, CENTRAL],
      [2, VERSION],
      ...shared(entry, when),
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, offset],
    ]);
    body.push(local, entry.name, blob);
    directory.push(central, entry.name);
    offset += local.length + entry.name.length + blob.size;
  }
  const size = directory.reduce((sum, bytes) => sum + bytes.length, 0);
  const end = packed([
    [4, END],
    [2, 0],
    [2, 0],
    [2, files.length],
    [2, files.length],
    [4, size],
    [4, offset],
    [2, 0],
  ]);
  return new Blob([...body, ...directory, end], { type: "application/zip" });
}

/**
 * Divide files, in their order, into archives that are small enough.
 * @param {{name: string, blob: Blob}[]} files
 */
export function parts(files, mostBytes = MOST_BYTES, mostFiles = MOST_FILES) {
  const groups = [];
  let size = Infinity;
  for (const file of files) {
    const needed = file.blob.size + 2 * 3 * file.name.length + 128;
    if (size + needed > mostBytes || groups.at(-1).length >= mostFiles) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1).push(file);
    size += needed;
  }
  return groups;
}
