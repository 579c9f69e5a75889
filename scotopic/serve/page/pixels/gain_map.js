/**
 * The gain map: a gain of the exposing curve that varies over the picture.
 *
 * The twin of scotopic/pixels/gain_map.py, which explains it. In cells of a small grid,
 *
 *     ln g = slope * z + offset        z = logit(m), held within `GUIDE_RANGE`
 *
 * m being the brightest channel of a pixel; slope and offset are interpolated between cells.
 */

import { MAX_GAIN, brightest, expose, gainFor, logit } from "./curve.js";
import { between, rowOf } from "./interpolation.js";
import { average, clip } from "./units.js";

const RADIUS = 3;
const EPSILON = 0.1;
/** Bounds of the slope. */
export const STEEPEST = 0.35;
export const FLATTEST = -0.7;
/** Bound of ln g. */
export const LARGEST = Math.log(MAX_GAIN);
/** z below and above which the guide is constant. */
export const GUIDE_RANGE = Object.freeze([-5, 2]);

/** z of a brightness, held within `GUIDE_RANGE`. */
function guideAt(bright) {
  return clip(logit(bright), GUIDE_RANGE[0], GUIDE_RANGE[1]);
}

/**
 * z of the pixels of a picture.
 *
 * @param {ArrayLike<number>} picture Floats in 0..1.
 * @param {number} [channels]
 * @returns {Float32Array}
 */
export function guideOf(picture, channels = 3) {
  return brightest(picture, channels).map(guideAt);
}

/** Coefficients of ln g on a grid that covers a picture. Values do not change: methods give new maps. */
export class GainMap {
  /**
   * @param {number} rows
   * @param {number} columns
   * @param {ArrayLike<number>} slope Row by row.
   * @param {ArrayLike<number>} offset Row by row.
   */
  constructor(rows, columns, slope, offset) {
    this.rows = rows;
    this.columns = columns;
    this.slope = Float32Array.from(slope);
    this.offset = Float32Array.from(offset);
  }

  /** From plain values, such as the `gain_map` of a report; rows may be arrays in an array. */
  static from({ rows, columns, slope, offset }) {
    return new GainMap(rows, columns, [...slope].flat(), [...offset].flat());
  }

  /** The same gain everywhere. */
  static uniform(gain) {
    return new GainMap(1, 1, [0], [Math.log(gain)]);
  }

  /** All gains multiplied by the exponential of a number; one stop is ln 2. */
  shifted(logFactor) {
    const factor = Math.fround(logFactor);
    return this.#with(
      this.slope,
      this.offset.map((value) => value + factor),
    );
  }

  /** The deviation of ln g from a middle value multiplied by a number, 0 to 1. */
  balanced(balance, middle) {
    const rest = (1 - balance) * middle;
    return this.#with(
      this.slope.map((value) => balance * value),
      this.offset.map((value) => balance * value + rest),
    );
  }

  /**
   * ln g of the pixels of a whole picture.
   *
   * @param {ArrayLike<number>} picture Floats in 0..1.
   * @param {number} width
   * @param {number} [channels]
   * @returns {Float32Array}
   */
  logGain(picture, width, channels = 3) {
    const logs = guideOf(picture, channels);
    const height = logs.length / width;
    const across = between(this.columns, 0, width, width / this.columns);
    const down = between(this.rows, 0, height, height / this.rows);
    const slope = new Float32Array(width);
    const offset = new Float32Array(width);
    for (let row = 0; row < height; row++) {
      rowOf(this.slope, this.columns, { down, row, across }, slope);
      rowOf(this.offset, this.columns, { down, row, across }, offset);
      for (let x = 0, at = row * width; x < width; x++, at++) {
        logs[at] = clip(slope[x] * logs[at] + offset[x], -LARGEST, LARGEST);
      }
    }
    return logs;
  }

  /** Mean of ln g over a picture, such as a thumbnail, whose cells may have weights. */
  meanLogGain(picture, width, { weights = null, channels = 3 } = {}) {
    return average(this.logGain(picture, width, channels), weights);
  }

  /** A whole picture, floats in 0..1, exposed. */
  exposed(picture, width, channels = 3) {
    const gains = Float64Array.from(this.logGain(picture, width, channels), Math.exp);
    return expose(picture, gains, channels);
  }

  /** The map shifted so that it brings a thumbnail to a mean gray level, 0 to 1. */
  reaching(thumb, width, exposure, { weights = null, channels = 3 } = {}) {
    const relative = this.logGain(thumb, width, channels).map(Math.exp);
    return this.shifted(Math.log(gainFor(thumb, exposure, { weights, relative, channels })));
  }

  #with(slope, offset) {
    return new GainMap(this.rows, this.columns, slope, offset);
  }
}

/**
 * Bring a map of ln g to the edges of a guide of the same resolution.
 *
 * @param {ArrayLike<number>} logGain Row by row.
 * @param {ArrayLike<number>} guide z of the same cells, as from `guideOf`.
 * @param {number} columns
 * @returns {GainMap}
 */
export function guided(logGain, guide, columns) {
  const rows = logGain.length / columns;
  const mean = (values) => boxMean(values, columns);
  const z = Float64Array.from(guide);
  const w = Float64Array.from(logGain);
  const meanZ = mean(z);
  const meanW = mean(w);
  const meanZZ = mean(z.map((value) => value * value));
  const meanZW = mean(z.map((value, i) => value * w[i]));
  const slope = meanZ.map((middle, i) => {
    const variance = meanZZ[i] - middle * middle;
    const covariance = meanZW[i] - middle * meanW[i];
    return clip(covariance / (variance + EPSILON), FLATTEST, STEEPEST);
  });
  const offset = meanW.map((middle, i) => middle - slope[i] * meanZ[i]);
  return new GainMap(rows, columns, mean(slope), mean(offset));
}

/** Mean over windows of 2 radius + 1 cells each way, of what lies inside the picture. */
export function boxMean(values, columns, radius = RADIUS) {
  const rows = values.length / columns;
  const lines = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    meanAlong(values, lines, { start: row * columns, step: 1, count: columns, radius });
  }
  const result = new Float64Array(values.length);
  for (let column = 0; column < columns; column++) {
    meanAlong(lines, result, { start: column, step: columns, count: rows, radius });
  }
  return result;
}

function meanAlong(values, into, { start, step, count, radius }) {
  for (let i = 0; i < count; i++) {
    const low = Math.max(i - radius, 0);
    const high = Math.min(i + radius + 1, count);
    let sum = 0;
    for (let k = low; k < high; k++) sum += values[start + k * step];
    into[start + i * step] = sum / (high - low);
  }
}
