/** Where a picture holds any signal at all: the twin of scotopic/pixels/evidence.py. */

import { between, rowOf } from "./interpolation.js";

const EVIDENCE_BLOCK = 16;
const EVIDENT_LEVEL = 0.25 / 255;

/**
 * How much signal each block of 16x16 pixels has, from 0 to 1.
 *
 * @param {object} picture As in picture.js.
 * @returns {{data: Float32Array, rows: number, columns: number, isWhole: boolean}} `isWhole`
 *   says that all are 1.
 */
export function evidence({ data, width, height, stride, channels, scale }) {
  const columns = Math.ceil(width / EVIDENCE_BLOCK);
  const rows = Math.ceil(height / EVIDENCE_BLOCK);
  const sums = new Float64Array(rows * columns);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(y / EVIDENCE_BLOCK) * columns;
    for (let x = 0; x < width; x++, at += stride) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) sum += data[at + channel];
      sums[row + (x >> 4)] += sum;
    }
  }
  const result = Float32Array.from(sums, (sum, i) => {
    const tall = Math.min(EVIDENCE_BLOCK, height - Math.floor(i / columns) * EVIDENCE_BLOCK);
    const wide = Math.min(EVIDENCE_BLOCK, width - (i % columns) * EVIDENCE_BLOCK);
    return Math.min(sum / (tall * wide * channels * scale) / EVIDENT_LEVEL, 1);
  });
  return { data: result, rows, columns, isWhole: result.every((share) => share === 1) };
}

/**
 * Evidence at the pixels of a part of the picture, (height, width), linear between blocks.
 *
 * @param {{data: Float32Array, rows: number, columns: number}} blocks
 * @param {{top: number, bottom: number, left: number, right: number}} part
 * @returns {Float32Array}
 */
export function evidenceAt(blocks, { top, bottom, left, right }) {
  const width = right - left;
  const result = new Float32Array((bottom - top) * width);
  const down = between(blocks.rows, top, bottom, EVIDENCE_BLOCK);
  const across = between(blocks.columns, left, right, EVIDENCE_BLOCK);
  for (let row = 0; row < bottom - top; row++) {
    const into = result.subarray(row * width, (row + 1) * width);
    rowOf(blocks.data, blocks.columns, { down, row, across }, into);
  }
  return result;
}
