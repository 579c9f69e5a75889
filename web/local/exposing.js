/**
 * Networks that predict an exposure from a thumbnail, and correct tiles at any gain.
 *
 * The twin of scotopic/networks/exposing.py, which explains what is done. A network here is
 * {spec, run(outputs, inputs)}: `inputs` are {name: {data, dims}}, of which those that are not
 * given are filled with the smallest ones; the promise is of {name: Float32Array}.
 */

import { withContrast } from "../pixels/contrast.js";
import { exposureOf } from "../pixels/curve.js";
import { evidence } from "../pixels/evidence.js";
import { GainMap } from "../pixels/gain_map.js";
import { Guide } from "../pixels/guide.js";
import { weights as cellWeights } from "../pixels/interpolation.js";
import { isGray } from "../pixels/picture.js";
import { cut, fill } from "../pixels/planes.js";
import { restrain } from "../pixels/restraint.js";
import { withCalmShadows } from "../pixels/shadows.js";
import { plan } from "../pixels/tiles.js";
import { cutOut, isHidden, shown, small, withoutAlpha } from "../pixels/visible.js";
import { EngineError } from "./errors.js";

const VIEWS = 8;
/** Calm shadows are a little lighter and depend on the gain, so an exposure is reached in steps. */
const APPROACHES = 3;

/** The smallest inputs, given to the branches whose outputs are not asked for. */
export function blanks(spec) {
  const { thumbnail_size: side, size_multiple: multiple, context_size: context } = spec;
  const input = (value, ...dims) => {
    const count = dims.reduce((product, length) => product * length, 1);
    return { data: new Float32Array(count).fill(value), dims };
  };
  return {
    thumbnail: input(0, 1, 3, side, side),
    picture: input(0, 1, 3, multiple, multiple),
    slope: input(0, 1, 1),
    offset: input(0, 1, 1),
    rows: input(1, multiple, 1),
    columns: input(1, multiple, 1),
    context: input(0, 1, context),
  };
}

/**
 * Look at a whole picture, and decide on its automatic exposure at a balance of 1.
 *
 * @param {object} network
 * @param {object} whole RGBA, as in pixels/picture.js.
 * @returns {Promise<object>} What `asked` and `enhance` take.
 */
export async function look(network, whole) {
  const picture = cutOut(whole);
  const side = network.spec.thumbnail_size;
  const thumb = small(picture, side, side);
  const { predicted, context } = await predict(network, thumb.colours);
  const guide = Guide.of(picture);
  const { decision, limited } = restrain(picture, guide, thumb, predicted);
  const level = guide.guided(limited);
  const map = withContrast(level, guide, thumb, side);
  const middle = map.meanLogGain(thumb.colours, side, { weights: thumb.weights });
  return { thumb, side, context, decision, map, middle };
}

/** The mean of the maps of the eight flips and turns, and the context of the upright thumbnail. */
async function predict({ spec, run }, thumb) {
  const side = spec.thumbnail_size;
  const views = new Float32Array(VIEWS * 3 * side * side);
  for (let view = 0; view < VIEWS; view++) {
    for (let i = 0; i < side * side; i++) {
      const from = 3 * source(view, i, side);
      for (let channel = 0; channel < 3; channel++) {
        views[(view * 3 + channel) * side * side + i] = thumb[from + channel];
      }
    }
  }
  const thumbnail = { data: views, dims: [VIEWS, 3, side, side] };
  const { log_gain: logs, seen } = await run(["log_gain", "seen"], { thumbnail });
  const count = logs.length / VIEWS;
  const cells = Math.sqrt(count);
  const predicted = new Float32Array(count);
  for (let view = 0; view < VIEWS; view++) {
    for (let i = 0; i < count; i++)
      predicted[source(view, i, cells)] += logs[view * count + i] / VIEWS;
  }
  const { context_size: size } = spec;
  return { predicted, context: { data: seen.slice(0, size), dims: [1, size] } };
}

/** Which cell of a square a cell of a view shows: turned by quarters, the last four mirrored. */
function source(view, cell, side) {
  let row = Math.floor(cell / side);
  let column = cell % side;
  if (view >= 4) column = side - 1 - column;
  for (let turns = view % 4; turns > 0; turns--) {
    [row, column] = [column, side - 1 - row];
  }
  return row * side + column;
}

/**
 * What was decided, under a wish.
 *
 * @param {object} seen By `look`.
 * @param {{exposure?: number, ev?: number, balance?: number}} wish
 * @returns {{gains: GainMap, report: object}}
 */
export function asked({ thumb, side, decision, map, middle }, wish) {
  const { colours, weights } = thumb;
  const gainOf = (gains) => Math.exp(gains.meanLogGain(colours, side, { weights }));
  const calm = (gains) => withCalmShadows(colours, gainOf(gains));
  let gains = map.balanced(wish.balance ?? 1, middle);
  let chosen = "automatic";
  if (wish.exposure) {
    gains = gains.reaching(colours, side, wish.exposure, { weights });
    for (let step = 0; step < APPROACHES; step++) {
      gains = gains.reaching(calm(gains), side, wish.exposure, { weights });
    }
    chosen = "exposure";
  } else if (wish.ev) {
    gains = gains.shifted(wish.ev * Math.LN2);
    chosen = "ev";
  }
  const logs = gains.logGain(colours, side).filter((_, i) => !weights || weights[i] > 0);
  const after = gains.exposed(calm(gains), side);
  const report = {
    exposure_before: exposureOf(colours, 1, { weights }),
    exposure_after: exposureOf(after, 1, { weights }),
    gain: gainOf(gains),
    gain_range: [Math.exp(Math.min(...logs)), Math.exp(Math.max(...logs))],
    chosen_by: chosen,
    automatic: decision,
    limited_by: chosen === "automatic" ? decision.limited_by : null,
  };
  return { gains, report };
}

/**
 * Enhance a picture in place, tile by tile.
 *
 * @param {object} network
 * @param {object} whole RGBA, as in pixels/picture.js; its colours are replaced where it is seen.
 * @param {{seen: object, gains: GainMap, strength: number}} decided
 * @param {{tilePixels: number, progress: (share: number) => Promise<void>}} how The progress is
 *   told after each tile, and may end the work by an error.
 * @returns {Promise<number>} How many tiles were computed.
 */
export async function enhance(network, whole, { seen, gains, strength }, { tilePixels, progress }) {
  const picture = seen.thumb.weights ? cutOut(whole) : withoutAlpha(whole);
  const source = { ...shown(picture, seen.thumb.colours) };
  // Tiles read pixels beside those that earlier tiles have filled.
  if (source.data === whole.data) source.data = whole.data.slice();
  const { spec } = network;
  const reach = { radius: spec.receptive_radius, multiple: spec.size_multiple };
  const tiles = plan(whole, tilePixels, reach);
  if (!tiles.length) throw new EngineError("the picture is too long and narrow for this browser");
  const { colours, weights } = seen.thumb;
  const gain = Math.exp(gains.meanLogGain(colours, seen.side, { weights }));
  const how = { strength, gain, gray: isGray(source), evidence: evidence(source) };
  const target = picture.alpha ? { ...whole, data: whole.data.slice() } : whole;
  for (const [index, tile] of tiles.entries()) {
    const planes = await correct(network, source, { tile, gains, context: seen.context, how });
    fill(target, tile, planes, how);
    await progress((index + 1) / tiles.length);
  }
  if (picture.alpha) keepSeen(whole, target);
  return tiles.length;
}

async function correct(network, source, { tile, gains, context, how }) {
  const { top, bottom, left, right } = tile.source;
  const [height, width] = [bottom - top, right - left];
  const picture = cut(source, tile.source);
  const rows = cellWeights(gains.rows, top, bottom, source.height / gains.rows);
  const columns = cellWeights(gains.columns, left, right, source.width / gains.columns);
  const outputs = how.evidence.isWhole ? ["enhanced"] : ["enhanced", "exposed"];
  const made = await network.run(outputs, {
    picture: { data: withCalmShadows(picture, how.gain, true), dims: [1, 3, height, width] },
    slope: { data: gains.slope, dims: [gains.rows, gains.columns] },
    offset: { data: gains.offset, dims: [gains.rows, gains.columns] },
    rows: { data: rows, dims: [height, gains.rows] },
    columns: { data: columns, dims: [width, gains.columns] },
    context,
  });
  return { picture, enhanced: made.enhanced, exposed: made.exposed ?? null };
}

/** Put enhanced colours into the pixels that are seen; those that are hidden stay as they are. */
function keepSeen(whole, enhanced) {
  for (let pixel = 0; pixel < whole.width * whole.height; pixel++) {
    if (isHidden(whole, pixel)) continue;
    const at = pixel * whole.stride;
    for (let channel = 0; channel < 3; channel++)
      whole.data[at + channel] = enhanced.data[at + channel];
  }
}

/** The map of the automatic exposure at a balance of 1, and the mean of ln g, which balance keeps. */
export function mapReport({ map, middle }) {
  const { rows, columns, slope, offset } = map;
  return { rows, columns, slope: Array.from(slope), offset: Array.from(offset), middle };
}
