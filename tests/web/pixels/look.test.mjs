import assert from "node:assert/strict";
import { test } from "node:test";

import { withContrast } from "../../../scotopic/serve/page/pixels/contrast.js";
import { evidence } from "../../../scotopic/serve/page/pixels/evidence.js";
import { Guide } from "../../../scotopic/serve/page/pixels/guide.js";
import { noiseInTheDark } from "../../../scotopic/serve/page/pixels/noise.js";
import { isGray, ofRgba } from "../../../scotopic/serve/page/pixels/picture.js";
import { restrain } from "../../../scotopic/serve/page/pixels/restraint.js";
import { median } from "../../../scotopic/serve/page/pixels/sorting.js";
import { reduced } from "../../../scotopic/serve/page/pixels/thumbnail.js";
import { cutOut, isHidden, shown, small } from "../../../scotopic/serve/page/pixels/visible.js";
import { golden, near } from "../golden.mjs";

/** A picture as the page has it, RGBA, of the colours and the opacity in a file. */
export function pictureOf({ pixels, alpha }, isDeep = false) {
  const [height, width] = pixels.shape;
  const data = new (isDeep ? Uint16Array : Uint8ClampedArray)(height * width * 4);
  data.fill(isDeep ? 65535 : 255);
  for (let i = 0; i < height * width; i++) {
    for (let channel = 0; channel < 3; channel++) {
      data[4 * i + channel] = pixels.data[3 * i + channel];
    }
    if (alpha) data[4 * i + 3] = alpha.data[i];
  }
  return ofRgba(data, width, height);
}

function colours({ data }) {
  return data.filter((_, i) => i % 4 < 3);
}

for (const kind of ["room", "night", "gray", "cutout"]) {
  const vectors = golden(`look_${kind}`);
  const whole = pictureOf(vectors, kind === "gray");
  const picture = cutOut(whole);
  const guide = Guide.of(picture);
  const thumb = small(picture, 16, 16);

  test(`of a ${kind}, the same is seen as by the package`, () => {
    assert.equal(picture.alpha !== null, vectors.alpha !== null);
    near(thumb.colours, vectors.thumb.data);
    near(thumb.weights ?? [], vectors.weights?.data ?? []);
    near(reduced(whole, 50, 7), vectors.reduced.data);
    near(guide.levels(8), vectors.levels.data);
    near(guide.seen(8) ?? [], vectors.seen?.data ?? []);
    near(guide.highlights(8), vectors.highlights.data);
    near(evidence(picture).data, vectors.evidence.data);
    assert.equal(isGray(whole), vectors.is_gray);
  });

  test(`of a ${kind}, the noise is estimated as by the package`, () => {
    const box = guide.box(picture);
    assert.deepEqual([box.top, box.bottom, box.left, box.right], vectors.box);
    near([noiseInTheDark(picture, box)], [vectors.noise]);
  });

  test(`for a ${kind}, the same is decided as by the package`, () => {
    const predicted = Float32Array.from(vectors.predicted.data);
    const { decision, limited } = restrain(picture, guide, thumb, predicted);
    near(limited, vectors.limited.data, 1e-5);
    assert.equal(decision.limited_by, vectors.decision.limited_by);
    const numbers = ({ predicted_exposure: a, predicted_gain: b, limited: c }) => [
      a,
      b,
      ...Object.values(c),
    ];
    near(numbers(decision), numbers(vectors.decision), 1e-5);
    assert.deepEqual(Object.keys(decision.limited), Object.keys(vectors.decision.limited));
    const map = guide.guided(limited);
    near(map.slope, vectors.guided.slope.flat(), 1e-5);
    near(map.offset, vectors.guided.offset.flat(), 1e-5);
    const spread = withContrast(map, guide, thumb, 16);
    near(spread.slope, vectors.contrasted.slope.flat(), 1e-5);
    near(spread.offset, vectors.contrasted.offset.flat(), 1e-5);
  });

  test(`of a ${kind}, a network is shown what the package shows it`, () => {
    near(colours(shown(picture, thumb.colours)), vectors.shown.data, 0);
  });
}

test("a cutout hides pixels, and an opaque picture has no opacity", () => {
  const vectors = golden("look_cutout");
  const picture = cutOut(pictureOf(vectors));
  const hidden = vectors.alpha.data.filter((_, i) => isHidden(picture, i)).length;
  assert.equal(hidden, vectors.alpha.data.filter((level) => level <= 5).length);
  assert.ok(hidden > 0);
  const none = pictureOf({ ...vectors, alpha: { data: vectors.alpha.data.map(() => 0) } });
  assert.equal(cutOut(none).alpha, null);
});

test("the median is the middle value, or the mean of the two in the middle", () => {
  assert.equal(median([5, 1, 4, 2, 3]), 3);
  assert.equal(median([4, 1, 3, 2, 2, 9]), 2.5);
  assert.equal(median([7, 7, 7, 7]), 7);
  assert.equal(median([3]), 3);
});
