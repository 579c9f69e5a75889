/** Tiles for a bound of pixels: the twin of `plan` in scotopic/pixels/tiles.py. */

function roundUp(length, multiple) {
  return Math.ceil(length / multiple) * multiple;
}

/**
 * Divide a picture so that no tile has more pixels than allowed.
 *
 * @param {{height: number, width: number}} size Of the picture; it is taken as padded.
 * @param {number} pixels Most pixels of one tile, margins included.
 * @param {{radius: number, multiple: number}} reach The network's receptive radius, and the
 *   period of its result.
 * @returns {{source: object, kept: object}[]} For each tile what the network is given and the
 *   part of its result that is kept: {top, bottom, left, right} in the padded picture. The
 *   division is the one that computes the fewest pixels; none if not even the smallest tile fits.
 */
export function plan(size, pixels, { radius, multiple }) {
  const height = roundUp(size.height, multiple);
  const width = roundUp(size.width, multiple);
  const margin = roundUp(radius, multiple);
  let best = null;
  for (let count = 1; count <= width / multiple; count++) {
    const tileWidth = Math.min(width, roundUp(Math.ceil(width / count), multiple) + 2 * margin);
    const fitting = Math.floor(Math.floor(pixels / tileWidth) / multiple) * multiple;
    const tileHeight = Math.min(height, fitting);
    const most = tileHeight === height ? height : tileHeight - 2 * margin;
    if (most < multiple) continue;
    const coreWidth = roundUp(Math.ceil(width / count), multiple);
    const rows = Math.ceil(height / most);
    const coreHeight = roundUp(Math.ceil(height / rows), multiple);
    const columns = Math.ceil(width / coreWidth);
    const cost = (height + 2 * margin * (rows - 1)) * (width + 2 * margin * (columns - 1));
    if (best === null || cost < best.cost) best = { cost, coreHeight, coreWidth };
  }
  if (best === null) return [];
  return spans(height, best.coreHeight).flatMap(([top, bottom]) =>
    spans(width, best.coreWidth).map(([left, right]) => ({
      source: {
        top: Math.max(0, top - margin),
        bottom: Math.min(height, bottom + margin),
        left: Math.max(0, left - margin),
        right: Math.min(width, right + margin),
      },
      kept: { top, bottom, left, right },
    })),
  );
}

function spans(length, step) {
  const count = Math.ceil(length / step);
  return Array.from({ length: count }, (_, i) => [i * step, Math.min((i + 1) * step, length)]);
}
