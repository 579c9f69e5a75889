import assert from "node:assert/strict";
import { test } from "node:test";

import { expose, exposureOf, gainFor, logit } from "../../../scotopic/serve/page/pixels/curve.js";
import { golden, near } from "../golden.mjs";

const vectors = golden("curve");
const picture = Float32Array.from(vectors.picture.data);

test("colours are exposed as the package exposes them", () => {
  for (const [gain, wanted] of Object.entries(vectors.exposed)) {
    near(expose(picture, Number(gain)), wanted.data);
  }
  near(expose(picture, vectors.gains.data), vectors.exposed_by_gains.data);
});

test("gray is exposed as colours are whose channels are the same", () => {
  const levels = [0, 0.004, 0.3, 1];
  const colours = levels.flatMap((level) => [level, level, level]);
  near(
    expose(levels, 5, 1),
    expose(colours, 5).filter((_, i) => i % 3 === 0),
    1e-12,
  );
});

test("the logit is the package's", () => {
  near(vectors.logit.of.map(logit), vectors.logit.is);
});

test("the exposure and the gain that reaches one are the package's", () => {
  const weights = vectors.weights.data;
  near([exposureOf(picture, 3, { weights })], [vectors.exposure]);
  for (const [level, wanted] of Object.entries(vectors.gain_for)) {
    const found = gainFor(picture, Number(level), { weights, relative: vectors.gains.data });
    near([Math.log(found)], [Math.log(wanted)]);
  }
  assert.equal(gainFor(new Float32Array(12), 0.5), vectors.gain_for_black);
});
