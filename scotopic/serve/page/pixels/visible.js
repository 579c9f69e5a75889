/**
 * Pictures that are transparent in places: only what is seen counts.
 *
 * The twin of scotopic/pixels/visible.py, which explains it.
 */

import { between, rowOf } from "./interpolation.js";
import { ofFloats } from "./picture.js";
import { averaged, reduced } from "./thumbnail.js";
import { clip } from "./units.js";

/** Opacity up to which a pixel is hidden: it counts for nothing, and stays as it is. */
export const HIDDEN = 0.02;
const ENOUGH = 0.25;
const OPAQUE = 1 - 1e-5;
const TINY = 1.1754943508222875e-38;

/** The picture without its opacity if all of it is opaque, or none of it is seen. */
export function cutOut(picture) {
  if (!picture.alpha) return picture;
  const { data, stride, offset, scale } = picture.alpha;
  let least = scale;
  let most = 0;
  for (let at = offset; at < data.length; at += stride) {
    if (data[at] < least) least = data[at];
    if (data[at] > most) most = data[at];
  }
  return least === scale || most <= HIDDEN * scale ? withoutAlpha(picture) : picture;
}

/** The same colours, all opaque. */
export function withoutAlpha(picture) {
  return { ...picture, alpha: null };
}

/**
 * Average what is seen of a picture, by area, into a small one.
 *
 * @param {object} picture As in picture.js.
 * @param {number} rows
 * @param {number} columns
 * @returns {{colours: Float32Array, weights: Float32Array | null}} Colours (rows, columns,
 *   channels) in 0..1: means weighted by opacity, and where hardly anything is seen those of the
 *   surroundings; and the mean opacity, or null if all is opaque or nothing is seen.
 */
export function small(picture, rows, columns) {
  if (!picture.alpha) return { colours: reduced(picture, rows, columns), weights: null };
  const { channels } = picture;
  const sums = averaged({ ...picture, channels: channels + 1 }, rows, columns, multiplied(picture));
  const weights = new Float32Array(rows * columns);
  for (let i = 0, at = channels; i < weights.length; i++, at += channels + 1) {
    if (sums[at] > OPAQUE) sums[at] = 1;
    weights[i] = sums[at];
  }
  if (weights.every((weight) => weight === 0)) {
    return { colours: reduced(picture, rows, columns), weights: null };
  }
  const colours = spread(sums, columns, channels);
  return { colours, weights: weights.every((weight) => weight === 1) ? null : weights };
}

/** Rows of colours multiplied by opacity, with the opacity as one more channel. */
function multiplied({ data, width, stride, channels, scale, alpha }) {
  return (row, weight, sums) => {
    for (let x = 0, to = 0; x < width; x++) {
      const pixel = row * width + x;
      const opacity = alpha.data[pixel * alpha.stride + alpha.offset] / alpha.scale;
      const share = opacity <= HIDDEN ? 0 : weight * opacity;
      for (let channel = 0; channel < channels; channel++) {
        sums[to++] += (share * data[pixel * stride + channel]) / scale;
      }
      sums[to++] += share;
    }
  };
}

/** Mean colours of cells; where hardly anything is seen, from ever coarser means. */
function spread(sums, columns, channels) {
  const each = channels + 1;
  const rows = sums.length / (each * columns);
  const most = sums.reduce(
    (top, value, i) => (i % each === channels ? Math.max(top, value) : top),
    0,
  );
  const own = new Float32Array(rows * columns * channels);
  const shares = new Float32Array(rows * columns);
  for (let i = 0; i < shares.length; i++) {
    const weight = sums[i * each + channels];
    shares[i] = Math.min(weight / (ENOUGH * most), 1);
    for (let c = 0; c < channels; c++) {
      own[i * channels + c] = sums[i * each + c] / Math.max(weight, TINY);
    }
  }
  if (shares.every((share) => share === 1)) return own;
  const [fewer, narrower] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
  const coarse = reduced(ofFloats(sums, columns, rows, each), fewer, narrower);
  const cells = spread(coarse, narrower, channels);
  const around = enlarged(ofFloats(cells, narrower, fewer, channels), columns, rows);
  return own.map((value, i) => around[i] + shares[Math.floor(i / channels)] * (value - around[i]));
}

/** Cells that cover a picture, at its pixels: (height, width, channels). */
function enlarged(cells, width, height) {
  const line = width * cells.channels;
  const result = new Float32Array(height * line);
  const row = rowsOf(cells, width, height);
  for (let y = 0; y < height; y++) row(y, result.subarray(y * line, (y + 1) * line));
  return result;
}

function rowsOf(cells, width, height) {
  const down = between(cells.height, 0, height, height / cells.height);
  const across = between(cells.width, 0, width, width / cells.width);
  return (row, into) => rowOf(cells.data, cells.width, { down, row, across }, into, cells.channels);
}

/**
 * A picture as a network is to see it: where it is hidden, coloured as its thumbnail is.
 *
 * @param {object} picture RGBA, as in picture.js.
 * @param {Float32Array} thumb (size, size, 3), in 0..1, by `small`.
 * @returns {object} The picture itself if nothing of it is hidden, or a copy.
 */
export function shown(picture, thumb) {
  if (!picture.alpha) return picture;
  const { width, height, scale, stride, channels } = picture;
  const side = Math.sqrt(thumb.length / 3);
  const row = rowsOf(ofFloats(withoutTint(thumb), side, side), width, height);
  const line = new Float32Array(width * 3);
  const data = picture.data.slice();
  for (let y = 0; y < height; y++) {
    row(y, line);
    for (let x = 0; x < width; x++) {
      if (!isHidden(picture, y * width + x)) continue;
      for (let channel = 0; channel < channels; channel++) {
        data[(y * width + x) * stride + channel] = Math.round(line[3 * x + channel] * scale);
      }
    }
  }
  return { ...picture, data };
}

/** Rounding is no colour: gray is to stay gray. */
function withoutTint(thumb) {
  const cells = Array.from({ length: thumb.length / 3 }, (_, i) =>
    thumb.subarray(3 * i, 3 * i + 3),
  );
  const isColoured = cells.some((cell) => Math.max(...cell) - Math.min(...cell) >= 1e-5);
  return isColoured ? thumb : thumb.map((_, i) => thumb[i - (i % 3)]);
}

/** Whether a pixel, by its number, is hidden. */
export function isHidden({ alpha }, pixel) {
  return alpha.data[pixel * alpha.stride + alpha.offset] <= HIDDEN * alpha.scale;
}

/**
 * The rows and columns of a picture in which anything is seen.
 *
 * @param {Float32Array | null} weights Of cells, `columns` in a row.
 * @returns {{top: number, bottom: number, left: number, right: number}}
 */
export function boxOf(weights, columns, { width, height }) {
  if (!weights) return { top: 0, bottom: height, left: 0, right: width };
  const rows = weights.length / columns;
  const seenRows = new Array(rows).fill(false);
  const seenColumns = new Array(columns).fill(false);
  weights.forEach((weight, i) => {
    if (weight === 0) return;
    seenRows[Math.floor(i / columns)] = seenColumns[i % columns] = true;
  });
  const [top, bottom] = span(seenRows, height);
  const [left, right] = span(seenColumns, width);
  return { top, bottom, left, right };
}

function span(seen, length) {
  const first = seen.indexOf(true);
  const past = seen.lastIndexOf(true) + 1;
  return [
    Math.floor((first * length) / seen.length),
    clip(Math.ceil((past * length) / seen.length), 0, length),
  ];
}
