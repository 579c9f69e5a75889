/** Conventions about pixels: gray. The twin of scotopic/pixels/units.py. */

export const GRAY_WEIGHTS = Object.freeze([0.299, 0.587, 0.114]);

/**
 * Weighted sum of the encoded channels of each pixel: 0.299 R + 0.587 G + 0.114 B.
 *
 * @param {ArrayLike<number>} picture Pixels one after the other, any scale.
 * @param {number} [channels] 3, or 1 for a picture in gray.
 * @returns {Float64Array} One value for each pixel.
 */
export function gray(picture, channels = 3) {
  const count = picture.length / channels;
  const result = new Float64Array(count);
  const [red, green, blue] = GRAY_WEIGHTS;
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    result[i] =
      channels === 1
        ? picture[at]
        : red * picture[at] + green * picture[at + 1] + blue * picture[at + 2];
  }
  return result;
}

/**
 * The mean of values, each of which may have a weight.
 *
 * @param {ArrayLike<number>} values
 * @param {ArrayLike<number> | null} [weights]
 */
export function average(values, weights = null) {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights ? weights[i] : 1;
    sum += weight * values[i];
    total += weight;
  }
  return sum / total;
}

/** A number held between two others. */
export function clip(value, low, high) {
  return value < low ? low : value > high ? high : value;
}
