/**
 * Writing JPEG: baseline, with the tables and the sampling that are asked for.
 *
 * Browsers write JPEG too, but with tables and a sampling of their own, always in colour, and up
 * to a size. This writes a picture as its source was compressed. ITU-T T.81; JFIF 1.02.
 */

import { joined } from "../files/bytes.js";
import { segment } from "../files/jpeg_segments.js";
import { BitWriter, optimal } from "./jpeg_bits.js";
import { ZIGZAG } from "./jpeg_tables.js";

/**
 * Encode a picture.
 *
 * @param {{data: ArrayLike<number>, width: number, height: number}} picture RGBA of 8 bits.
 * @param {object} how
 * @param {boolean} how.gray Whether one channel is written.
 * @param {Uint16Array[]} how.tables One quantization table for each channel, in zigzag order.
 * @param {number[][]} how.sampling For each channel how often it is sampled across and down in
 *   a unit, such as [[2, 2], [1, 1], [1, 1]] for 4:2:0.
 * @returns {{head: Uint8Array, body: Uint8Array}} The start marker, and all from the tables on:
 *   segments of metadata belong between them.
 */
export function encode(picture, { gray, tables, sampling }) {
  const { width, height } = picture;
  const channels = (gray ? [[1, 1]] : sampling).map((factors, index) => ({
    index,
    across: factors[0],
    down: factors[1],
    table: tables[Math.min(index, tables.length - 1)],
  }));
  const unit = {
    across: Math.max(...channels.map((channel) => channel.across)),
    down: Math.max(...channels.map((channel) => channel.down)),
  };
  const blocks = quantized(picture, channels, unit);
  const codes = [0, 1].slice(0, channels.length > 1 ? 2 : 1).map((kind) => ({
    dc: optimal(countsOf(blocks, (channel) => Math.min(channel, 1) === kind, "dc")),
    ac: optimal(countsOf(blocks, (channel) => Math.min(channel, 1) === kind, "ac")),
  }));
  const head = headOf({ width, height, channels, codes });
  return { head: Uint8Array.of(0xff, 0xd8), body: joined([head, scanOf(blocks, codes)]) };
}

/**
 * All blocks in the order of the scan: for each its channel, and its coefficients as runs.
 *
 * @returns {{channel: Uint8Array, symbols: Uint8Array, values: Int16Array, ends: Uint32Array}}
 *   Of each block the symbols (the first is the size of the difference of the mean), the values
 *   that follow them, and where its symbols end.
 */
function quantized(picture, channels, unit) {
  const columns = Math.ceil(picture.width / (8 * unit.across));
  const rows = Math.ceil(picture.height / (8 * unit.down));
  const perUnit = channels.reduce((sum, { across, down }) => sum + across * down, 0);
  const out = new Coefficients(rows * columns * perUnit);
  const means = channels.map(() => 0);
  const transform = channels.map(({ table }) => quantizer(table));
  const block = new Float32Array(64);
  const plane = channels.map(() => new Float32Array(64 * unit.across * unit.down));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const place = { left: column * 8 * unit.across, top: row * 8 * unit.down };
      readUnit(picture, place, unit, plane);
      for (const channel of channels) {
        eachBlock(channel, unit, plane[channel.index], block, () => {
          means[channel.index] = out.add(
            channel.index,
            transform[channel.index](block),
            means[channel.index],
          );
        });
      }
    }
  }
  return out;
}

/** Brightness and colour differences of a unit of pixels, beyond the picture those at its edge. */
function readUnit({ data, width, height }, { left, top }, unit, planes) {
  const [wide, tall] = [8 * unit.across, 8 * unit.down];
  for (let y = 0, to = 0; y < tall; y++) {
    const start = Math.min(top + y, height - 1) * width;
    for (let x = 0; x < wide; x++, to++) {
      const at = 4 * (start + Math.min(left + x, width - 1));
      const r = data[at];
      const g = data[at + 1];
      const b = data[at + 2];
      planes[0][to] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
      if (planes.length === 1) continue;
      planes[1][to] = -0.168735892 * r - 0.331264108 * g + 0.5 * b;
      planes[2][to] = 0.5 * r - 0.418687589 * g - 0.081312411 * b;
    }
  }
}

/** Each block of a channel in a unit: means of the pixels that one of its samples stands for. */
function eachBlock({ across, down }, unit, plane, block, visit) {
  const [stepX, stepY] = [unit.across / across, unit.down / down];
  const wide = 8 * unit.across;
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      for (let i = 0; i < 64; i++) {
        const x = (column * 8 + (i & 7)) * stepX;
        const y = (row * 8 + (i >> 3)) * stepY;
        let sum = 0;
        for (let dy = 0; dy < stepY; dy++) {
          for (let dx = 0; dx < stepX; dx++) sum += plane[(y + dy) * wide + x + dx];
        }
        block[i] = sum / (stepX * stepY);
      }
      visit();
    }
  }
}

/** Half the cosines of multiples of a sixteenth of a half turn. */
const [C1, C2, C3, C4, C5, C6, C7] = [1, 2, 3, 4, 5, 6, 7].map(
  (n) => 0.5 * Math.cos((n * Math.PI) / 16),
);

/** What turns a block of samples into its quantized coefficients in zigzag order. */
function quantizer(table) {
  const half = new Float32Array(64);
  const full = new Float32Array(64);
  const result = new Int16Array(64);
  const divisors = Float32Array.from(table, (step) => 1 / step);
  return (block) => {
    for (let row = 0; row < 64; row += 8) transformed(block, half, row, 1);
    for (let column = 0; column < 8; column++) transformed(half, full, column, 8);
    for (let i = 0; i < 64; i++) {
      const value = full[ZIGZAG[i]] * divisors[i];
      result[i] = value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5);
    }
    return result;
  };
}

/** The cosine transform of eight values that stand at equal steps. T.81, A.3.3. */
function transformed(from, to, start, step) {
  const v = start + 4 * step;
  const a = from[start] + from[v + 3 * step];
  const b = from[start + step] + from[v + 2 * step];
  const c = from[start + 2 * step] + from[v + step];
  const d = from[start + 3 * step] + from[v];
  const e = from[start] - from[v + 3 * step];
  const f = from[start + step] - from[v + 2 * step];
  const g = from[start + 2 * step] - from[v + step];
  const h = from[start + 3 * step] - from[v];
  to[start] = C4 * (a + b + c + d);
  to[v] = C4 * (a - b - c + d);
  to[start + 2 * step] = C2 * (a - d) + C6 * (b - c);
  to[v + 2 * step] = C6 * (a - d) - C2 * (b - c);
  to[start + step] = C1 * e + C3 * f + C5 * g + C7 * h;
  to[start + 3 * step] = C3 * e - C7 * f - C1 * g - C5 * h;
  to[v + step] = C5 * e - C1 * f + C7 * g + C3 * h;
  to[v + 3 * step] = C7 * e - C5 * f + C3 * g - C1 * h;
}

/** How many bits a value takes. */
function sizeOf(value) {
  return 32 - Math.clz32(Math.abs(value));
}

/** Symbols and values of all blocks, as the scan has them. */
class Coefficients {
  constructor(blocks) {
    this.channel = new Uint8Array(blocks);
    this.ends = new Uint32Array(blocks);
    this.symbols = new Uint8Array(blocks * 8);
    this.values = new Int16Array(blocks * 8);
    this.count = 0;
    this.length = 0;
  }

  /** Add a block; its mean is told by the difference to the one before. */
  add(channel, block, mean) {
    this.#push(sizeOf(block[0] - mean), block[0] - mean);
    let run = 0;
    for (let i = 1; i < 64; i++) {
      if (block[i] === 0) {
        run++;
        continue;
      }
      for (; run > 15; run -= 16) this.#push(0xf0, 0);
      this.#push((run << 4) | sizeOf(block[i]), block[i]);
      run = 0;
    }
    if (run) this.#push(0, 0);
    this.channel[this.count] = channel;
    this.ends[this.count++] = this.length;
    return block[0];
  }

  #push(symbol, value) {
    if (this.length === this.symbols.length) {
      this.symbols = grown(this.symbols);
      this.values = grown(this.values);
    }
    this.symbols[this.length] = symbol;
    this.values[this.length++] = value;
  }
}

function grown(array) {
  const larger = new array.constructor(Math.ceil(array.length * 1.5) + 1024);
  larger.set(array);
  return larger;
}

function countsOf({ channel, ends, symbols, count }, isWanted, kind) {
  const counts = new Float64Array(256);
  for (let block = 0, at = 0; block < count; at = ends[block++]) {
    if (!isWanted(channel[block])) continue;
    if (kind === "dc") counts[symbols[at]]++;
    else for (let i = at + 1; i < ends[block]; i++) counts[symbols[i]]++;
  }
  return counts;
}

function scanOf({ channel, ends, symbols, values, count }, codes) {
  const bits = new BitWriter(ends[count - 1] * 2);
  for (let block = 0, at = 0; block < count; block++) {
    const { dc, ac } = codes[Math.min(channel[block], codes.length - 1)];
    for (const first = at; at < ends[block]; at++) {
      const symbol = symbols[at];
      const code = at === first ? dc : ac;
      bits.put(code.code[symbol], code.size[symbol]);
      const size = symbol & 15;
      if (size) bits.put(values[at] < 0 ? values[at] + (1 << size) - 1 : values[at], size);
    }
  }
  return joined([bits.finished(), Uint8Array.of(0xff, 0xd9)]);
}

function headOf({ width, height, channels, codes }) {
  const distinct = [...new Set(channels.map(({ table }) => table))];
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const isLarge = distinct.some((table) => table.some((step) => step > 255));
  const quantization = distinct.map((table, index) =>
    segment(
      0xdb,
      isLarge ? [16 | index, ...[...table].flatMap((n) => [n >> 8, n & 255])] : [index, ...table],
    ),
  );
  const frame = channels.flatMap(({ index, across, down, table }) => [
    index + 1,
    (across << 4) | down,
    distinct.indexOf(table),
  ]);
  const huffman = codes.flatMap(({ dc, ac }, index) => [
    segment(0xc4, [index, ...dc.lengths, ...dc.symbols]),
    segment(0xc4, [16 | index, ...ac.lengths, ...ac.symbols]),
  ]);
  const scan = channels.flatMap(({ index }) => [index + 1, index ? 0x11 : 0]);
  return joined([
    ...quantization,
    segment(isLarge ? 0xc1 : 0xc0, [8, ...size, channels.length, ...frame]),
    ...huffman,
    segment(0xda, [channels.length, ...scan, 0, 63, 0]),
  ]);
}
