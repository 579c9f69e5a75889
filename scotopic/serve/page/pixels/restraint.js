/**
 * Restraint: a predicted gain map limited by what the picture can bear.
 *
 * The twin of scotopic/pixels/restraint.py, which explains the rules and their constants.
 */

import { DARKEST, exposureOf, gainFor } from "./curve.js";
import { LARGEST } from "./gain_map.js";
import { noiseInTheDark } from "./noise.js";
import { quantile } from "./sorting.js";
import { average, clip, gray } from "./units.js";
import { withoutAlpha } from "./visible.js";

const NOISE_LEVEL = 0.06;
const NOISE_RESIDUAL = 0.2;
const SIGNAL_LEVEL = 1.0;
const FLAT_LEVEL = 0.95;
const EMPTY_LEVEL = 0.02;
const EMPTY_SHARES = [0.4, 0.55];
const DARK_LEVEL = 0.035;
const LIT_LEVEL = 0.3;
const LAMP_LEVEL = 0.8;
const SUBJECT_LEVEL = 0.6;
const NOTICEABLE = 0.05;
const HELD = Math.log(1.1);
const SOFTNESS = 0.25;

/**
 * Limit a predicted gain map by what the picture can bear.
 *
 * @param {object} picture As in picture.js.
 * @param {import("./guide.js").Guide} guide Of the picture.
 * @param {{colours: Float32Array, weights: Float32Array | null}} thumb Its thumbnail.
 * @param {Float32Array} predicted ln of the gain, (cells, cells).
 * @returns {{decision: object, limited: Float64Array}} What the automatic exposure is and why,
 *   and ln of the gain that is to be used, at least 0.
 */
export function restrain(picture, guide, thumb, predicted) {
  const counted = guide.weights ? picture : withoutAlpha(picture);
  const noise = noiseInTheDark(counted, guide.box(picture));
  const cells = Math.sqrt(predicted.length);
  const levels = guide.levels(cells);
  const seen = guide.seen(cells);
  const night = nightOf(thumb);
  const held = predicted.map((log) => clip(log, -LARGEST, LARGEST));
  const { logs, shares } = applied(
    rulesFor({ noise, levels, seen, night, guide, cells }),
    held,
    seen,
  );
  const [name, largest] = Object.entries(shares).reduce((a, b) => (b[1] > a[1] ? b : a));
  const gains = Float64Array.from(held, Math.exp);
  const decision = {
    predicted_exposure: exposureOf(guide.colours(cells), gains, {
      weights: seen,
      channels: guide.cells.channels,
    }),
    predicted_gain: Math.exp(average(held, seen)),
    limited: shares,
    limited_by: largest >= NOTICEABLE ? name : null,
  };
  return { decision, limited: logs };
}

function rulesFor({ noise, levels, seen, night, guide, cells }) {
  return {
    highlights: (logs) => {
      const highlights = guide.highlights(cells);
      return logs.map((log, i) => softMinimum(log, highlightLimit(highlights[i])));
    },
    noise: (logs) => logs.map((log) => softMinimum(log, Math.log(noiseLimit(noise)))),
    signal: (logs) => logs.map((log, i) => log + Math.log(signalShare(levels[i], noise))),
    night: (logs) => nightHeld(night, levels, logs, seen),
    brightness: (logs) => logs.map((log) => Math.max(log, 0)),
  };
}

/** ln g after all rules, and the share of the picture that each holds down. */
function applied(rules, predicted, seen) {
  let logs = Float64Array.from(predicted);
  const shares = {};
  for (const [name, rule] of Object.entries(rules)) {
    const held = rule(logs);
    const isHeld = logs.map((log, i) => (Math.abs(held[i] - log) > HELD ? 1 : 0));
    shares[name] = average(isHeld, seen);
    logs = held;
  }
  return { logs, shares };
}

/** The smaller of two ln g, rounded where they meet; never above either. */
export function softMinimum(log, limit) {
  const [a, b] = [-log / SOFTNESS, -limit / SOFTNESS];
  return -SOFTNESS * (Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))));
}

/** Gain at which the noise left over after denoising reaches a level. */
export function noiseLimit(noise) {
  return NOISE_LEVEL / (NOISE_RESIDUAL * noise);
}

/** How much of a cell's level, 0 to 1, is signal and not noise about black. */
export function signalShare(level, noise) {
  const floor = SIGNAL_LEVEL * Math.max(noise, 1 / 255);
  const square = Math.max(level, 1e-4) ** 2;
  return square / (square + floor ** 2);
}

/** ln of the gain that takes the highlights of a cell to `FLAT_LEVEL` and no further. */
export function highlightLimit(brightness) {
  const x = clip(brightness, DARKEST, FLAT_LEVEL);
  return Math.log((FLAT_LEVEL * (1 - x)) / (x * (1 - FLAT_LEVEL)));
}

/**
 * How far a picture is a night, by its thumbnail.
 *
 * @returns {{share: number, brightest: number}} 0 for no night and 1 for one; and a gray, 0 to 1.
 */
export function nightOf({ colours, weights }) {
  const level = gray(colours);
  const most = weights ? weights.reduce((top, weight) => Math.max(top, weight), 0) : 0;
  const seen = level.filter((_, i) => !weights || weights[i] >= most / 2).sort();
  const brightest = quantile(seen, 0.995);
  const isEmpty = level.map((value) => (value < EMPTY_LEVEL * brightest ? 1 : 0));
  const empty = average(isEmpty, weights);
  const smallLight = seen[seen.length - 1] > LIT_LEVEL && empty > 0.9;
  const [begins, whole] = EMPTY_SHARES;
  const share = clip((empty - begins) / (whole - begins), 0, 1);
  return { share: brightest > LIT_LEVEL || smallLight ? share : 0, brightest };
}

/** A map of ln g as a night can bear it: what is empty stays dark, the subject is no day. */
export function nightHeld(night, levels, logs, seen = null) {
  if (night.share === 0) return logs;
  const held = logs.map((log, i) => {
    const lit = levels[i] / (DARK_LEVEL * night.brightest + 1e-4);
    return log * (1 - night.share / (1 + lit ** 3));
  });
  const weights = Float64Array.from(levels, (level, i) =>
    level > LAMP_LEVEL ? 0 : level * (seen ? seen[i] : 1),
  );
  if (weights.every((weight) => weight === 0)) return held;
  const relative = held.map(Math.exp);
  const factor = gainFor(levels, SUBJECT_LEVEL, { weights, relative, channels: 1 });
  const lowered = night.share * Math.max(0, -Math.log(factor));
  return held.map((log) => log - lowered);
}
