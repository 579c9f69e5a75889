/**
 * Colour of the shadows that a gain brings up: the twin of scotopic/pixels/shadows.py, which
 * explains it. Each channel x moves towards the brightest one, m, which stays:
 *
 *     x' = x + d (m - x)        d = (1 - 1 / gain) s^2 / (m^2 + s^2)
 */

/** Brightness s at which a large gain leaves half of the differences between the channels. */
export const SHADOW_LEVEL = 0.01;

/**
 * Bring the shadows of a picture nearer to gray, before a gain is applied to it.
 *
 * @param {Float32Array} picture Of 3 channels, floats in 0..1.
 * @param {number} gain Mean gain of the exposing curve over the whole picture.
 * @param {boolean} [planar] Whether the channels are planes one after the other; otherwise pixels are.
 * @returns {Float32Array} The array that was given if nothing is to change.
 */
export function withCalmShadows(picture, gain, planar = false) {
  const square = SHADOW_LEVEL ** 2;
  const share = Math.max(0, 1 - 1 / gain) * square;
  if (share === 0) return picture;
  const result = new Float32Array(picture.length);
  const count = picture.length / 3;
  const [step, apart] = planar ? [1, count] : [3, 1];
  for (let pixel = 0, at = 0; pixel < count; pixel++, at += step) {
    const bright = Math.max(picture[at], picture[at + apart], picture[at + 2 * apart]);
    const moved = share / (bright * bright + square);
    for (let channel = 0, from = at; channel < 3; channel++, from += apart) {
      result[from] = picture[from] + moved * (bright - picture[from]);
    }
  }
  return result;
}
