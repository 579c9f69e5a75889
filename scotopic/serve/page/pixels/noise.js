/** Noise, estimated from a picture: the twin of scotopic/pixels/noise.py, which explains it. */

import { median, weightedMedian } from "./sorting.js";
import { GRAY_WEIGHTS } from "./units.js";

const PATCH = 256;
const PATCHES = 4;

/**
 * Standard deviation of the noise in the darker half of a picture, on the scale 0..1.
 *
 * @param {object} picture As in picture.js.
 * @param {{top: number, bottom: number, left: number, right: number}} [box] What is looked at.
 */
export function noiseInTheDark(picture, box = null) {
  const { top, bottom, left, right } = box ?? {
    top: 0,
    bottom: picture.height,
    left: 0,
    right: picture.width,
  };
  const rows = places(top, bottom, right - left);
  const columns = places(left, right, bottom - top);
  let level = { data: grayAt(picture, rows, columns), width: columns.length };
  let weights = picture.alpha && alphaAt(picture, rows, columns);
  let most = 1 / (255 * Math.sqrt(12));
  while (Math.min(heightOf(level), level.width) >= 8 && heightOf(level) * 4 >= rows.length) {
    most = Math.max(most, laplacianNoise(level, weights));
    weights &&= ofFours(weights, level.width, (a, b, c, d) => Math.min(a, b, c, d));
    const data = ofFours(level.data, level.width, (a, b, c, d) => (a + b + c + d) / 4);
    level = { data, width: Math.floor(level.width / 2) };
  }
  return most;
}

function heightOf({ data, width }) {
  return data.length / width;
}

/** Rows or columns that are looked at: all of a span, or a grid of patches. */
function places(start, stop, otherLength) {
  const side = PATCH * PATCHES;
  if (stop - start <= side || otherLength <= side) {
    return Array.from({ length: Math.min(stop - start, side) }, (_, i) => start + i);
  }
  const step = (stop - PATCH - start) / (PATCHES - 1);
  return Array.from({ length: side }, (_, i) => {
    const patch = Math.floor(i / PATCH);
    return Math.floor(start + patch * step) + (i % PATCH);
  });
}

function grayAt({ data, width, stride, channels, scale }, rows, columns) {
  const [red, green, blue] = GRAY_WEIGHTS;
  const result = new Float32Array(rows.length * columns.length);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const at = (row * width + column) * stride;
      result[to++] =
        channels === 1
          ? data[at] / scale
          : (red * data[at] + green * data[at + 1] + blue * data[at + 2]) / scale;
    }
  }
  return result;
}

function alphaAt({ width, alpha }, rows, columns) {
  const result = new Float32Array(rows.length * columns.length);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      result[to++] = alpha.data[(row * width + column) * alpha.stride + alpha.offset];
    }
  }
  return result;
}

/** One value of each square of four; what is left over at the edge is not used. */
function ofFours(values, width, combine) {
  const [columns, rows] = [Math.floor(width / 2), Math.floor(values.length / width / 2)];
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = 2 * row * width + 2 * column;
      const below = at + width;
      result[row * columns + column] = combine(
        values[at],
        values[below],
        values[at + 1],
        values[below + 1],
      );
    }
  }
  return result;
}

function laplacianNoise({ data, width }, weights) {
  if (weights) return weightedNoise(data, width, weights);
  const limit = median(data);
  const masks = new Float64Array(data.length);
  let count = 0;
  eachInside(width, data.length / width, (at) => {
    if (data[at] <= limit) masks[count++] = Math.abs(laplacian(data, at, width));
  });
  return count ? 1.4826 * median(masks.subarray(0, count)) : 0;
}

function weightedNoise(data, width, weights) {
  const inner = { level: [], mask: [], weight: [] };
  eachInside(width, data.length / width, (at) => {
    const weight = leastOfNine(weights, at, width);
    if (weight === 0) return;
    inner.level.push(data[at]);
    inner.mask.push(Math.abs(laplacian(data, at, width)));
    inner.weight.push(weight);
  });
  if (!inner.level.length) return 0;
  const limit = weightedMedian(inner.level, inner.weight);
  const isDark = (_, i) => inner.level[i] <= limit;
  return 1.4826 * weightedMedian(inner.mask.filter(isDark), inner.weight.filter(isDark));
}

function eachInside(width, height, visit) {
  for (let row = 1; row < height - 1; row++) {
    for (let at = row * width + 1, end = (row + 1) * width - 1; at < end; at++) visit(at);
  }
}

/** The mask of Immerkaer at a pixel, of unit response to white noise. */
function laplacian(data, at, width) {
  const above = data[at - width - 1] - 2 * data[at - width] + data[at - width + 1];
  const beside = data[at - 1] - 2 * data[at] + data[at + 1];
  const below = data[at + width - 1] - 2 * data[at + width] + data[at + width + 1];
  return (above - 2 * beside + below) / 6;
}

function leastOfNine(weights, at, width) {
  let least = Infinity;
  for (let row = at - width; row <= at + width; row += width) {
    least = Math.min(least, weights[row - 1], weights[row], weights[row + 1]);
  }
  return least;
}
