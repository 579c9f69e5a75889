/**
 * Conversions between pixels and the planes (channels first) that networks take and give: the
 * twin of scotopic/pixels/planes.py.
 */

import { evidenceAt } from "./evidence.js";
import { GRAY_WEIGHTS, clip } from "./units.js";

/**
 * The planes that a network is given for a part of a picture.
 *
 * @param {object} picture RGBA, as in picture.js.
 * @param {{top: number, bottom: number, left: number, right: number}} part
 * @returns {Float32Array} (3, height, width), in 0..1; beyond the picture, its edge is repeated.
 */
export function cut({ data, width, height, stride, channels, scale }, part) {
  const wide = part.right - part.left;
  const count = wide * (part.bottom - part.top);
  const result = new Float32Array(3 * count);
  for (let row = part.top, to = 0; row < part.bottom; row++) {
    const start = Math.min(row, height - 1) * width;
    for (let x = part.left; x < part.right; x++, to++) {
      const at = (start + Math.min(x, width - 1)) * stride;
      for (let channel = 0; channel < 3; channel++) {
        result[channel * count + to] = data[at + Math.min(channel, channels - 1)] / scale;
      }
    }
  }
  return result;
}

/**
 * Put what a network gave for a tile into the pixels of the result.
 *
 * @param {object} target RGBA, as in picture.js; what the tile keeps of it is filled. Its opacity
 *   stays as it is.
 * @param {{source: object, kept: object}} tile As from `plan`.
 * @param {{picture: Float32Array, enhanced: Float32Array, exposed: Float32Array | null}} planes
 *   Each (3, height, width), of the tile's source.
 * @param {{strength: number, gray: boolean, evidence: object}} how
 */
export function fill(target, tile, planes, { strength, gray, evidence }) {
  const { source } = tile;
  const part = { ...tile.kept };
  part.bottom = Math.min(part.bottom, target.height);
  part.right = Math.min(part.right, target.width);
  const wide = source.right - source.left;
  const count = wide * (source.bottom - source.top);
  const shares = planes.exposed && evidenceAt(evidence, part);
  const colour = [0, 0, 0];
  let place = 0;
  for (let row = part.top; row < part.bottom; row++) {
    for (let x = part.left; x < part.right; x++, place++) {
      const at = (row - source.top) * wide + (x - source.left);
      for (let channel = 0; channel < 3; channel++) {
        const from = channel * count + at;
        let value = planes.enhanced[from];
        if (shares) {
          const exposed = planes.exposed[from];
          value = exposed + shares[place] * (value - exposed);
        }
        colour[channel] = value;
      }
      if (gray) colour.fill(grayOf(colour));
      write(target, row * target.width + x, colour, { planes, at, count, strength });
    }
  }
}

function grayOf(colour) {
  const [red, green, blue] = GRAY_WEIGHTS;
  return red * colour[0] + green * colour[1] + blue * colour[2];
}

function write(target, pixel, colour, { planes, at, count, strength }) {
  for (let channel = 0; channel < 3; channel++) {
    const before = planes.picture[channel * count + at];
    const value = strength < 1 ? before + strength * (colour[channel] - before) : colour[channel];
    target.data[pixel * target.stride + channel] = Math.round(clip(value, 0, 1) * target.scale);
  }
}
