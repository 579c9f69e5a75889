/**
 * Painters draw a preview under the exposure that is asked for while a slider is dragged.
 *
 * `load({before, after, map, middle, ev, balance})` takes the pictures as ImageBitmaps of one
 * size, the automatic gain map with its mean of ln g, and the wish that `after` was made
 * with (at strength 1). `draw({ev, balance, strength})` paints.
 */
import { GainMap } from "../pixels/gain_map.js";
import { PlainPainter } from "./plain.js";
import { WebGLPainter } from "./webgl.js";

/** The best painter that the browser has for a canvas. */
export function painterFor(canvas) {
  try {
    return new WebGLPainter(canvas);
  } catch {
    // A canvas that has given out one kind of context gives out no other.
    return new PlainPainter(canvas);
  }
}

/**
 * What a painter loads, from the answer of an engine.
 * @param {{before: Blob | ImageBitmap, after: Blob | ImageBitmap, report: object}} answer
 * @param {{ev: number, balance: number}} wish That it was asked with.
 */
export async function loadable(answer, wish) {
  const [before, after] = await Promise.all([answer.before, answer.after].map(decoded));
  const grid = answer.report.gain_map; // none of a network that decides by itself
  const map = grid ? GainMap.from(grid) : GainMap.uniform(1);
  return { before, after, map, middle: grid?.middle ?? 0, ev: wish.ev, balance: wish.balance };
}

const decoded = (picture) =>
  picture instanceof ImageBitmap
    ? picture
    : createImageBitmap(picture, { premultiplyAlpha: "none" });

/** Free the pictures of what was loaded. */
export function release(preview) {
  preview?.before.close();
  preview?.after.close();
}
