/** What the Python package computes, and how near to it its twins must come. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** The values of a file in tests/web/golden, written by scripts/golden_vectors.py. */
export function golden(name) {
  const path = new URL(`golden/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Numbers that must be alike, but for what is left of a sum in float32. */
export function near(found, wanted, tolerance = 2e-6) {
  assert.equal(found.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const allowed = tolerance * Math.max(1, Math.abs(wanted[i]));
    assert.ok(Math.abs(found[i] - wanted[i]) <= allowed, `${i}: ${found[i]}, not ${wanted[i]}`);
  }
}

/** Levels that must be the same, but for one in a hundred that lies half way between two. */
export function nearLevels(found, wanted) {
  near(
    found.map((level, i) => level - wanted[i]),
    new Array(wanted.length).fill(0),
    1,
  );
  const others = found.filter((level, i) => level !== wanted[i]).length;
  assert.ok(others <= wanted.length / 100, `${others} of ${wanted.length} levels are others`);
}
