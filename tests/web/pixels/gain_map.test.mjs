import assert from "node:assert/strict";
import { test } from "node:test";

import { GainMap, guided } from "../../../scotopic/serve/page/pixels/gain_map.js";
import { weights as cellWeights } from "../../../scotopic/serve/page/pixels/interpolation.js";
import { golden, near } from "../golden.mjs";

const vectors = golden("gain_map");
const picture = Float32Array.from(vectors.picture.data);
const width = vectors.picture.shape[1];
const map = GainMap.from(vectors.map);
const weights = vectors.weights.data;

function same(found, wanted) {
  assert.deepEqual([found.rows, found.columns], [wanted.rows, wanted.columns]);
  near(found.slope, wanted.slope.flat());
  near(found.offset, wanted.offset.flat());
}

test("ln g of pixels is the package's", () => {
  near(map.logGain(picture, width), vectors.log_gain.data);
  near([map.meanLogGain(picture, width, { weights })], [vectors.mean_log_gain]);
  near(map.exposed(picture, width), vectors.exposed.data);
});

test("a map is shifted, balanced and brought to an exposure as in the package", () => {
  same(map.shifted(0.7), vectors.made.shifted);
  same(map.balanced(0.4, vectors.mean_log_gain), vectors.made.balanced);
  same(map.reaching(picture, width, 0.4, { weights }), vectors.made.reaching);
});

test("a map is brought to the edges of a guide as in the package", () => {
  const { log_gain: logs, guide } = vectors.to_guide;
  same(guided(logs.data, guide.data, logs.shape[1]), vectors.made.guided);
});

test("cells have the package's weights at pixels, beyond the picture too", () => {
  for (const [key, wanted] of Object.entries(vectors.cells)) {
    near(cellWeights(...key.split(" ").map(Number)), wanted.data);
  }
});

test("a uniform map is the curve of one gain", () => {
  near(GainMap.uniform(4).logGain(picture, width), new Array(99).fill(Math.log(4)));
});
