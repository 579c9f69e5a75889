import assert from "node:assert/strict";
import { test } from "node:test";

import { withCalmShadows } from "../../../scotopic/serve/page/pixels/shadows.js";
import { golden, near } from "../golden.mjs";

const vectors = golden("shadows");
const picture = Float32Array.from(vectors.picture.data);

test("shadows are brought nearer to gray as the package does it", () => {
  near(withCalmShadows(picture, 7.5), vectors.calm.data);
  near(withCalmShadows(Float32Array.from(vectors.planes.data), 7.5, true), vectors.calm_planes.data);
});

test("without a gain nothing changes", () => {
  assert.equal(withCalmShadows(picture, 1), picture);
});
