/**
 * Draw the icons that an installed page has, as the page's icon.svg: node web/icons.mjs
 *
 * A disc, half of it lit; the maskable one on a ground that a system may cut to any shape.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { layOut } from "./build.mjs";

const SAMPLES = 4;
const GROUND = [13, 14, 16];
const DARK = [36, 39, 44];
const LIT = [243, 189, 116];
const RIM = [139, 143, 150];

/** Colour and opacity at a place, in units of the icon's side of 32. */
function at(x, y, { isMaskable }) {
  const scale = isMaskable ? 0.72 : 1;
  const [dx, dy] = [(x - 16) / scale, (y - 16) / scale];
  const distance = Math.hypot(dx, dy);
  if (distance > 13.75) return isMaskable ? [...GROUND, 255] : [0, 0, 0, 0];
  if (distance > 12.25) return [...RIM, 255];
  return [...(dx >= 0 ? LIT : DARK), 255];
}

/** Pixels of an icon, RGBA; edges are smooth. */
export function drawn(side, { isMaskable = false } = {}) {
  const data = new Uint8ClampedArray(side * side * 4);
  for (let i = 0; i < side * side; i++) {
    const sum = [0, 0, 0, 0];
    for (let sample = 0; sample < SAMPLES ** 2; sample++) {
      const x = (i % side) + ((sample % SAMPLES) + 0.5) / SAMPLES;
      const y = Math.floor(i / side) + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES;
      const [red, green, blue, alpha] = at((32 * x) / side, (32 * y) / side, { isMaskable });
      [red, green, blue].forEach((level, channel) => (sum[channel] += level * alpha));
      sum[3] += alpha;
    }
    for (let channel = 0; channel < 3; channel++)
      data[4 * i + channel] = sum[3] ? sum[channel] / sum[3] : 0;
    data[4 * i + 3] = sum[3] / SAMPLES ** 2;
  }
  return { data, width: side, height: side };
}

export const ICONS = {
  "192.png": [192, {}],
  "512.png": [512, {}],
  "maskable.png": [512, { isMaskable: true }],
};

if (import.meta.url.endsWith("/icons.mjs") && process.argv[1]?.endsWith("icons.mjs")) {
  // The modules find each other where the page is laid out.
  const folder = mkdtempSync(join(tmpdir(), "scotopic-icons-"));
  layOut(folder);
  const { encode } = await import(pathToFileURL(join(folder, "local", "codecs", "png.js")));
  mkdirSync(new URL("icons/", import.meta.url), { recursive: true });
  for (const [name, [side, how]] of Object.entries(ICONS)) {
    const { head, body } = await encode(drawn(side, how), { gray: false, alpha: !how.isMaskable });
    writeFileSync(new URL(`icons/${name}`, import.meta.url), Buffer.concat([head, body]));
  }
  rmSync(folder, { recursive: true });
}
