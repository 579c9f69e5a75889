/** What an engine does: previews, frames, and whole results. */

import { ofRgba } from "../pixels/picture.js";
import { small } from "../pixels/visible.js";
import { EngineError } from "./errors.js";
import { asked, enhance, look } from "./exposing.js";
import { formatOfResult, nameOfResult } from "./formats.js";
import { isCanvasExact, pixelsOf, read } from "./reading.js";
import { decisionReport, photoReport, stays } from "./report.js";
import { forDisplay, write } from "./writing.js";

const MODEL = "standard";
/** For previews and frames. */
export const FAST_MODEL = "fast";
const SIDE = 1024;
/** Previews whose picture is kept, so that another wish need not read the file again. */
const MOST_KEPT = 12;
/** Pixels of a tile: what a network takes for them is 212 bytes each. */
const TILE_PIXELS = 2 ** 21;
const FRAME_SIDE = 480;
const RANGES = {
  ev: [-8, 8],
  balance: [0, 1],
  strength: [0, 1],
  exposure: [0, 1],
  quality: [1, 100],
};

/** The jobs of one page. */
export class Jobs {
  #networks;
  #version;
  #kept = new Map();

  /** @param {{networks: object, version: string}} parts */
  constructor({ networks, version }) {
    this.#networks = networks;
    this.#version = version;
  }

  /** A whole result: the file and what was done. */
  async enhance({ file, wish }, { alive, progress }) {
    check(wish);
    const photo = await reading(file);
    const format = formatOfResult(photo.format, wish.format);
    const model = wish.model ?? MODEL;
    const network = await this.#networks.network(model);
    await alive();
    const seen = await look(network, photo.picture);
    const decided = asked(seen, wish);
    const whole = { seen, gains: decided.gains, strength: wish.strength ?? 1 };
    const told = async (share) => {
      progress(share);
      await alive();
    };
    const tiles = await enhance(network, photo.picture, whole, {
      tilePixels: TILE_PIXELS,
      progress: told,
    });
    const maker = `scotopic ${this.#version} (${model})`;
    const { blob, notes } = await write(photo, {
      format,
      quality: wish.quality ?? null,
      strip: truth(wish.strip),
      maker,
    });
    const { kept } = stays(photo, { format, strip: truth(wish.strip) });
    const about = { ...photoReport(photo, file), kept, notes: [...photo.notes, ...notes] };
    const report = { ...about, ...decisionReport(seen, decided, model), tiles };
    return { blob, name: nameOfResult(file.name, format), report };
  }

  /** A picture before and after, reduced, for display. */
  async preview({ file, wish, side, key }, { alive }) {
    check(wish);
    const model = wish.model ?? FAST_MODEL;
    const kept = await this.#seen(file, `${key} ${side} ${model}`, {
      side: side ?? SIDE,
      model,
      alive,
    });
    const { before, seen, photo } = kept;
    await alive();
    const { after, decided } = await this.#applied(before, seen, wish, model);
    const display = { icc: photo.carried.icc, alpha: before.alpha !== null };
    const format = formatOfResult(photo.format, wish.format);
    const about = {
      ...photoReport(photo, file),
      ...stays(photo, { format, strip: truth(wish.strip) }),
    };
    const [first, second] = await Promise.all(
      [before, after].map((each) => forDisplay(each, display)),
    );
    return {
      before: first,
      after: second,
      report: { ...about, ...decisionReport(seen, decided, model) },
    };
  }

  /** A frame of a camera, which is closed, before and after, as bitmaps. */
  async frame({ image, wish, side = FRAME_SIDE }) {
    const picture = frameOf(image, side);
    check(wish);
    const model = wish.model ?? FAST_MODEL;
    const seen = await look(await this.#networks.network(model), picture);
    const applied = await this.#applied(picture, seen, wish, model);
    // Bitmaps must be closed, and so they are made when nothing can fail any more.
    const [before, after] = await Promise.all([picture, applied.after].map(bitmapOf));
    return { before, after, report: decisionReport(seen, applied.decided, model) };
  }

  async #applied(before, seen, wish, model) {
    const network = await this.#networks.network(model);
    const decided = asked(seen, wish);
    const after = { ...before, data: before.data.slice() };
    if (after.alpha) after.alpha = { ...after.alpha, data: after.data };
    const whole = { seen, gains: decided.gains, strength: wish.strength ?? 1 };
    await enhance(network, after, whole, { tilePixels: TILE_PIXELS, progress: async () => {} });
    return { after, decided };
  }

  /** A reduced picture and what was seen of the whole; the last ones are kept. */
  async #seen(file, key, { side, model, alive }) {
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    const found = known ?? (await this.#look(file, { side, model, alive }));
    this.#kept.set(key, found);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return found;
  }

  async #look(file, { side, model, alive }) {
    const photo = await reading(file);
    await alive();
    const network = await this.#networks.network(model);
    const seen = await look(network, photo.picture);
    const { width, height } = photo.picture;
    // Its pixels are let go: what is kept of a picture is small.
    return {
      before: reducedTo(photo, side),
      seen,
      photo: { ...photo, picture: { width, height } },
    };
  }
}

async function reading(file) {
  if (!isCanvasExact()) {
    throw new EngineError(
      "this browser changes the pixels that a page reads, against fingerprinting",
      {
        remedy: "allow canvas data for this page in the browser's settings",
      },
    );
  }
  return read(new Uint8Array(await file.arrayBuffer()), file.name);
}

function truth(value) {
  return value === true || value === "true" || value === 1;
}

/** Refuse a wish that cannot be granted. */
function check(wish) {
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    const value = wish[name];
    if (value === undefined || value === null) continue;
    if (!Number.isFinite(value) || value < low || value > high) {
      throw new EngineError(`${name} must lie between ${low} and ${high}, not ${value}`, {
        status: 400,
      });
    }
  }
  if (wish.exposure && wish.ev) {
    throw new EngineError("give either an exposure or ev, not both", { status: 400 });
  }
}

/** A picture whose longer side has at most so many pixels, 8 bits, for display. */
function reducedTo({ picture }, side) {
  const { width, height } = picture;
  const scale = Math.min(1, side / Math.max(width, height));
  const [columns, rows] = [width, height].map((length) => Math.max(1, Math.round(scale * length)));
  const hasAlpha = hasTransparency(picture);
  const { colours, weights } = small(
    hasAlpha ? picture : { ...picture, alpha: null },
    rows,
    columns,
  );
  const data = new Uint8ClampedArray(rows * columns * 4);
  for (let i = 0; i < rows * columns; i++) {
    for (let channel = 0; channel < 3; channel++)
      data[4 * i + channel] = 255 * colours[3 * i + channel];
    data[4 * i + 3] = weights ? 255 * weights[i] : 255;
  }
  const reduced = ofRgba(data, columns, rows);
  return hasAlpha && weights ? reduced : { ...reduced, alpha: null };
}

function hasTransparency({ alpha }) {
  if (!alpha) return false;
  for (let at = alpha.offset; at < alpha.data.length; at += alpha.stride) {
    if (alpha.data[at] !== alpha.scale) return true;
  }
  return false;
}

/** The pixels of a frame, reduced; the frame is closed. */
function frameOf(image, side) {
  try {
    return reducedFrame(image, side);
  } finally {
    image.close();
  }
}

function reducedFrame(image, side) {
  const [width, height] = [image.displayWidth ?? image.width, image.displayHeight ?? image.height];
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(scale * width)),
    Math.max(1, Math.round(scale * height)),
  );
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const pixels = pixelsOf(canvas);
  return { ...ofRgba(pixels.data, pixels.width, pixels.height), alpha: null };
}

function bitmapOf({ data, width, height }) {
  return createImageBitmap(new ImageData(data, width, height));
}
