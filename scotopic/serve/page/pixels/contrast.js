/**
 * Local contrast, of which a lifted picture has too little, given back: the twin of
 * scotopic/pixels/contrast.py, which explains it.
 */

import { exposureOf } from "./curve.js";
import { GainMap, STEEPEST, boxMean } from "./gain_map.js";
import { nightOf } from "./restraint.js";
import { clip } from "./units.js";

/** What the contrast grows by in a lifted picture, and in a night. */
const LIFTED = 0.2;
const NIGHT = 0.4;
const RADIUS = 4;

/**
 * A map that exposes a picture to the same mean level, with more local contrast.
 *
 * @param {GainMap} gains
 * @param {Float32Array} cells z of the cells of the map, row by row.
 * @param {object} thumb The picture's thumbnail, as `small` gives it: colours and weights.
 * @param {number} side Of the thumbnail.
 * @returns {GainMap}
 */
export function withContrast(gains, cells, thumb, side) {
  const { colours, weights } = thumb;
  const channels = colours.length / (side * side);
  const lifted = clip(gains.meanLogGain(colours, side, { weights, channels }), 0, 1);
  const amount = LIFTED * lifted + NIGHT * nightOf(thumb).share;
  if (amount === 0) return gains;
  const { rows, columns, slope, offset } = gains;
  const steeper = Float64Array.from(slope, (s) =>
    Math.max(1, Math.min(1 + amount, (1 + STEEPEST) / (1 + s))),
  );
  let around = Float64Array.from(slope, (s, i) => (1 + s) * cells[i] + offset[i]);
  for (let pass = 0; pass < 2; pass++) around = boxMean(around, columns, RADIUS);
  const spread = new GainMap(
    rows,
    columns,
    steeper.map((factor, i) => factor * (1 + slope[i]) - 1),
    steeper.map((factor, i) => factor * offset[i] - (factor - 1) * around[i]),
  );
  const level = exposureOf(gains.exposed(colours, side, channels), 1, { weights, channels });
  return spread.reaching(colours, side, level, { weights, channels });
}
