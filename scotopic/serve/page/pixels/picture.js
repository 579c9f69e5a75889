/**
 * Pictures as the modules beside this one take them: a plain object of
 *
 *   data      typed array, pixels row by row: Uint8, Uint16 or floats
 *   width, height
 *   stride    numbers of a pixel in `data`: 4 for RGBA
 *   channels  of them that are colours: 3, or 1 for gray
 *   scale     what stands for 1: 255, 65535, or 1
 *   alpha     null, or {data, stride, offset, scale}: where the opacity of pixels stands
 *
 * and small ones, floats in 0..1, without opacity: {data, width, height, stride, channels, scale: 1}.
 */

/** A picture of RGBA values of 8 or 16 bits. */
export function ofRgba(data, width, height) {
  const scale = data instanceof Uint16Array ? 65535 : 255;
  const alpha = { data, stride: 4, offset: 3, scale };
  return { data, width, height, stride: 4, channels: 3, scale, alpha };
}

/** A picture of floats in 0..1, without opacity. */
export function ofFloats(data, width, height, channels = 3) {
  return { data, width, height, stride: channels, channels, scale: 1, alpha: null };
}

/** Whether all channels of each pixel are the same. */
export function isGray({ data, width, height, stride, channels }) {
  if (channels === 1) return true;
  for (let at = 0, end = width * height * stride; at < end; at += stride) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  }
  return true;
}
