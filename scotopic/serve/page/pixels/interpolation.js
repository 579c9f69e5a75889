/** Linear interpolation between the centres of cells: the twin of scotopic/pixels/interpolation.py. */

import { clip } from "./units.js";

/**
 * For each pixel of a span, the cells that it lies between.
 *
 * @param {number} count Cells along the side.
 * @param {number} start First pixel of the span; it may reach beyond the picture.
 * @param {number} stop First pixel after it.
 * @param {number} pitch Pixels from one cell to the next.
 * @returns {{below: Int32Array, above: Int32Array, share: Float32Array}} Two cells, and the
 *   share, 0 to 1, of the second; constant beyond the first and the last cell.
 */
export function between(count, start, stop, pitch) {
  const last = count - 1;
  const length = stop - start;
  const below = new Int32Array(length);
  const above = new Int32Array(length);
  const share = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const place = clip((start + i + 0.5) / pitch - 0.5, 0, last);
    below[i] = Math.floor(place);
    above[i] = Math.min(below[i] + 1, last);
    share[i] = place - below[i];
  }
  return { below, above, share };
}

/**
 * What `between` multiplies cells by, as a matrix of (stop - start) rows and `count` columns.
 *
 * @returns {Float32Array}
 */
export function weights(count, start, stop, pitch) {
  const { below, above, share } = between(count, start, stop, pitch);
  const matrix = new Float32Array((stop - start) * count);
  for (let i = 0; i < below.length; i++) {
    matrix[i * count + below[i]] += 1 - share[i];
    matrix[i * count + above[i]] += share[i];
  }
  return matrix;
}

/**
 * A grid of cells that covers a picture, at one row of pixels.
 *
 * @param {ArrayLike<number>} cells Rows of cells of `channels` values.
 * @param {number} columns Cells in a row.
 * @param {{below: Int32Array, above: Int32Array, share: Float32Array}} down Of the rows.
 * @param {number} row Index into `down`.
 * @param {{below: Int32Array, above: Int32Array, share: Float32Array}} across Of the columns.
 * @param {Float32Array} into A row of pixels of `channels` values; is filled.
 * @param {number} [channels]
 */
export function rowOf(cells, columns, { down, row, across }, into, channels = 1) {
  const length = columns * channels;
  const line = new Float32Array(length);
  const upper = down.below[row] * length;
  const lower = down.above[row] * length;
  const share = down.share[row];
  for (let i = 0; i < length; i++) {
    line[i] = cells[upper + i] * (1 - share) + cells[lower + i] * share;
  }
  for (let i = 0, at = 0; i < across.below.length; i++) {
    const left = across.below[i] * channels;
    const right = across.above[i] * channels;
    const part = across.share[i];
    for (let channel = 0; channel < channels; channel++, at++) {
      into[at] = line[left + channel] * (1 - part) + line[right + channel] * part;
    }
  }
}
