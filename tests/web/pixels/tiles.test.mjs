import assert from "node:assert/strict";
import { test } from "node:test";

import { evidence } from "../../../scotopic/serve/page/pixels/evidence.js";
import { Guide } from "../../../scotopic/serve/page/pixels/guide.js";
import { noiseInTheDark } from "../../../scotopic/serve/page/pixels/noise.js";
import { ofRgba } from "../../../scotopic/serve/page/pixels/picture.js";
import { cut, fill } from "../../../scotopic/serve/page/pixels/planes.js";
import { plan } from "../../../scotopic/serve/page/pixels/tiles.js";
import { golden, near, nearLevels } from "../golden.mjs";

const vectors = golden("tiles");
const TILE = {
  source: { top: 0, bottom: 32, left: 16, right: 48 },
  kept: { top: 16, bottom: 32, left: 24, right: 48 },
};

/** The picture that scripts/golden_vectors.py makes by the same formula. */
function pattern(height, width) {
  const data = new Uint8ClampedArray(height * width * 4);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        data[at++] = (y * y * 3 + x * x * 5 + y * x * 7 + channel * 11) % 61;
      }
      data[at++] = 200;
    }
  }
  return ofRgba(data, width, height);
}

/** What a tile has filled of a picture of 30x37 pixels, which was of one level before. */
function filled(planes, how) {
  const target = pattern(30, 37);
  target.data = new Uint8ClampedArray(target.data.length).fill(77);
  fill(target, TILE, { picture: Float32Array.from(vectors.cut.data), ...planes }, how);
  const found = [];
  for (let y = 0; y < 30; y++) {
    for (let x = 0; x < 37; x++) {
      const at = 4 * (y * 37 + x);
      if (y >= 16 && x >= 24) found.push(...target.data.subarray(at, at + 3));
      else assert.equal(target.data[at], 77);
      assert.equal(target.data[at + 3], 77);
    }
  }
  return found;
}

test("pictures are divided into the package's tiles", () => {
  for (const [key, wanted] of Object.entries(vectors.plans)) {
    const [height, width, pixels, radius, multiple] = key.split(" ").map(Number);
    const found = plan({ height, width }, pixels, { radius, multiple });
    const numbers = ({ top, bottom, left, right }) => [top, bottom, left, right];
    const tiles = found.map(({ source, kept }) => [...numbers(source), ...numbers(kept)]);
    assert.deepEqual(tiles, wanted, key);
  }
});

test("a network is given the package's planes, with the edge repeated", () => {
  near(cut(pattern(30, 37), TILE.source), vectors.cut.data);
});

test("what a network gives becomes the package's pixels", () => {
  const enhanced = Float32Array.from(vectors.enhanced.data);
  const exposed = Float32Array.from(vectors.exposed.data);
  const darker = pattern(30, 37);
  darker.data = darker.data.map((level) => Math.floor(level / 55));
  const how = { strength: 1, gray: false, evidence: evidence(darker) };
  assert.ok(!how.evidence.isWhole);
  nearLevels(filled({ enhanced, exposed: null }, { ...how, strength: 0.8 }), vectors.finished.data);
  nearLevels(filled({ enhanced, exposed }, how), vectors.mixed.data);
  nearLevels(filled({ enhanced, exposed }, { ...how, gray: true }), vectors.gray.data);
});

test("large pictures are reduced as by the package, to a height that is rounded", () => {
  const { data, shape } = vectors.guide_of_a_wide_picture;
  const { cells } = Guide.of(pattern(125, 1000));
  assert.deepEqual([cells.width, cells.height], [shape[1], 48]);
  near(cells.data.subarray(0, data.length), data);
});

test("large pictures are sampled for their noise as by the package", () => {
  near([noiseInTheDark(pattern(1100, 1300))], [vectors.noise_of_patches]);
  near([noiseInTheDark(pattern(40, 1300))], [vectors.noise_of_a_strip]);
});
