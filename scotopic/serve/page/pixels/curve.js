/**
 * The exposing curve, its colour, and the solver of its gain.
 *
 * The twin of scotopic/pixels/exposure.py, which explains the formulas:
 *
 *     m' = E_g(m)    r' = E_h(r)    E_g(x) = g x / (1 + (g - 1) x)
 *     h = (1 + (g - 1) m) ^ (1 - COLOR_KEPT)
 *
 * m being the brightest channel of a pixel and r the ratios of its channels to m.
 * Pictures are pixels one after the other, of 3 channels or 1, floats in 0..1.
 */

import { average, clip, gray } from "./units.js";

export const MAX_GAIN = 400;
/** How far colours keep the ratios of their channels. */
export const COLOR_KEPT = 0.7;
/** Brightness that `logit` and the ratios of channels do not go below. */
export const DARKEST = 2 ** -12;
const BISECTION_STEPS = 40;

/**
 * The brightest channel of each pixel, at least `DARKEST`.
 *
 * @param {ArrayLike<number>} picture
 * @param {number} [channels]
 * @returns {Float32Array}
 */
export function brightest(picture, channels = 3) {
  const result = new Float32Array(picture.length / channels);
  for (let i = 0, at = 0; i < result.length; i++) {
    let most = DARKEST;
    for (let channel = 0; channel < channels; channel++, at++) {
      if (picture[at] > most) most = picture[at];
    }
    result[i] = most;
  }
  return result;
}

/** ln(m / (1 - m)) of a brightness in 0..1, held between `DARKEST` and 1 - `DARKEST`. */
export function logit(brightness) {
  const held = clip(brightness, DARKEST, 1 - DARKEST);
  return Math.log(held / (1 - held));
}

/**
 * What the curve of a gain does to a pixel whose brightest channel is m: each channel x
 * becomes x * scale / (1 + x * bend).
 *
 * @param {number} bright m, at least `DARKEST`.
 * @param {number} gain
 * @param {{scale: number, bend: number}} into Is filled; nothing is allocated for a pixel.
 */
function factors(bright, gain, into) {
  const rise = 1 + (gain - 1) * bright;
  const kept = rise ** (1 - COLOR_KEPT);
  into.scale = (gain * kept) / rise;
  into.bend = (kept - 1) / bright;
}

/**
 * Apply the exposing curve to colours.
 *
 * @param {ArrayLike<number>} picture
 * @param {number | ArrayLike<number>} gain One for all, or one for each pixel; above 1 brightens.
 * @param {number} [channels]
 * @returns {Float64Array} In 0..1.
 */
export function expose(picture, gain, channels = 3) {
  const result = new Float64Array(picture.length);
  const bright = brightest(picture, channels);
  const parts = { scale: 1, bend: 0 };
  for (let i = 0, at = 0; i < bright.length; i++) {
    factors(bright[i], typeof gain === "number" ? gain : gain[i], parts);
    for (let channel = 0; channel < channels; channel++, at++) {
      const x = picture[at];
      result[at] = (x * parts.scale) / (1 + x * parts.bend);
    }
  }
  return result;
}

/**
 * Mean gray, 0 to 1, of a thumbnail under the exposing curve.
 *
 * @param {ArrayLike<number>} thumb
 * @param {number | ArrayLike<number>} [gain]
 * @param {{weights?: ArrayLike<number> | null, channels?: number}} [options]
 */
export function exposureOf(thumb, gain = 1, { weights = null, channels = 3 } = {}) {
  return average(gray(expose(thumb, gain, channels), channels), weights);
}

/**
 * Solve for the gain that brings a thumbnail to a mean gray level.
 *
 * @param {ArrayLike<number>} thumb
 * @param {number} exposure Level wanted, 0 to 1.
 * @param {object} [options]
 * @param {ArrayLike<number> | null} [options.weights] Of each cell in the mean.
 * @param {number | ArrayLike<number>} [options.relative] What the gain is multiplied by in each cell.
 * @param {number} [options.channels]
 * @returns {number} In 1/400..400; levels out of reach give the nearest end. A picture that
 *   no gain changes (only black, only white) gives 1.
 */
export function gainFor(thumb, exposure, { weights = null, relative = 1, channels = 3 } = {}) {
  if (!Array.prototype.some.call(thumb, (value) => value > 0 && value < 1)) return 1;
  let low = -Math.log(MAX_GAIN);
  let high = Math.log(MAX_GAIN);
  const scaled = (gain) =>
    typeof relative === "number" ? gain * relative : Float64Array.from(relative, (r) => gain * r);
  for (let step = 0; step < BISECTION_STEPS; step++) {
    const middle = (low + high) / 2;
    const level = exposureOf(thumb, scaled(Math.exp(middle)), { weights, channels });
    if (level < exposure) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
