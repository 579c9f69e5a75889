/** Pictures averaged by area into small ones: the twin of scotopic/pixels/thumbnail.py. */

/** Pixels of each side of the square that a network looks at. */
export const THUMBNAIL_SIZE = 64;

/**
 * What averages `source` cells into `target` cells by area.
 *
 * @returns {{first: number, weights: Float32Array}[]} For each cell of the target the first cell
 *   of the source, and the weights of it and those that follow. They sum to 1.
 */
export function areaWeights(source, target) {
  const edge = (i) => (i === target ? source : i * (source / target));
  return Array.from({ length: target }, (_, i) => {
    const start = edge(i);
    const stop = edge(i + 1);
    const first = Math.floor(start);
    const last = Math.min(Math.ceil(stop), source);
    const overlap = (_, k) =>
      Math.max(0, Math.min(stop, first + k + 1) - Math.max(start, first + k)) / (source / target);
    return { first, weights: Float32Array.from({ length: last - first }, overlap) };
  });
}

/**
 * Average a whole picture, by area, into a small one of any shape.
 *
 * @param {object} picture As in picture.js; its opacity counts for nothing.
 * @param {number} rows
 * @param {number} columns
 * @returns {Float32Array} (rows, columns, channels), in 0..1.
 */
export function reduced(picture, rows, columns) {
  const { width, height, stride, channels, scale, data } = picture;
  return averaged({ width, height, channels }, rows, columns, (row, weight, sums) => {
    const factor = weight / scale;
    for (let x = 0, at = row * width * stride, to = 0; x < width; x++, at += stride) {
      for (let channel = 0; channel < channels; channel++) {
        sums[to++] += factor * data[at + channel];
      }
    }
  });
}

/**
 * Average whatever a function tells of rows.
 *
 * @param {{width: number, height: number, channels: number}} size
 * @param {number} rows
 * @param {number} columns
 * @param {(row: number, weight: number, sums: Float64Array) => void} add Adds a row of
 *   `width * channels` values, multiplied by the weight.
 * @returns {Float32Array} (rows, columns, channels)
 */
export function averaged({ width, height, channels }, rows, columns, add) {
  const result = new Float32Array(rows * columns * channels);
  const across = areaWeights(width, columns);
  const sums = new Float64Array(width * channels);
  areaWeights(height, rows).forEach(({ first, weights }, row) => {
    sums.fill(0);
    weights.forEach((weight, i) => add(first + i, weight, sums));
    meansAcross(sums, across, channels, result.subarray(row * columns * channels));
  });
  return result;
}

function meansAcross(sums, across, channels, into) {
  let to = 0;
  for (const { first, weights } of across) {
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) {
        sum += weights[i] * sums[(first + i) * channels + channel];
      }
      into[to++] = sum;
    }
  }
}
