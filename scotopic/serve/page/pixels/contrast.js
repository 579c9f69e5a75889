/**
 * Local contrast, of which a lifted picture has too little, given back: the twin of
 * scotopic/pixels/contrast.py, which explains it.
 */

import { exposureOf, logit } from "./curve.js";
import { GainMap, STEEPEST, boxMean } from "./gain_map.js";
import { nightOf } from "./restraint.js";
import { clip } from "./units.js";

/** What the contrast grows by in a lifted picture, and in a night. */
const LIFTED = 0.2;
const NIGHT = 0.3;
/** Levels of a cell's highlights at which they begin to be what stays, and at which they are. */
const HIGHLIGHTS = [0.75, 0.9];
const RADIUS = 4;

/**
 * A map that exposes a picture to the same mean level, with more local contrast.
 *
 * @param {GainMap} gains
 * @param {Guide} guide Of the picture.
 * @param {object} thumb The picture's thumbnail, as `small` gives it: colours and weights.
 * @param {number} side Of the thumbnail.
 * @returns {GainMap}
 */
export function withContrast(gains, guide, thumb, side) {
  const { colours, weights } = thumb;
  const channels = colours.length / (side * side);
  const lifted = clip(gains.meanLogGain(colours, side, { weights, channels }), 0, 1);
  const amount = LIFTED * lifted + NIGHT * nightOf(thumb).share;
  if (amount === 0) return gains;
  const { rows, columns, slope, offset } = gains;
  const steeper = Float64Array.from(slope, (s) =>
    Math.max(1, Math.min(1 + amount, (1 + STEEPEST) / (1 + s))),
  );
  const exposed = (z) => Float64Array.from(slope, (s, i) => (1 + s) * z[i] + offset[i]);
  let middle = exposed(guide.logits(columns));
  for (let pass = 0; pass < 2; pass++) middle = boxMean(middle, columns, RADIUS);
  const [begins, ends] = HIGHLIGHTS.map(logit);
  const lights = exposed(guide.highlights(columns).map(logit));
  const above = lights.map(
    (light, i) =>
      clip((light - begins) / (ends - begins), 0, 1) * Math.max(light - middle[i], 0),
  );
  const raised = boxMean(above, columns, 1);
  const stays = middle.map((value, i) => value + raised[i]);
  const spread = new GainMap(
    rows,
    columns,
    steeper.map((factor, i) => factor * (1 + slope[i]) - 1),
    steeper.map((factor, i) => factor * offset[i] - (factor - 1) * stays[i]),
  );
  const level = exposureOf(gains.exposed(colours, side, channels), 1, { weights, channels });
  return spread.reaching(colours, side, level, { weights, channels });
}
