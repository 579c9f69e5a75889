/** What is seen of a whole picture at low resolution: the twin of scotopic/pixels/guide.py. */

import { brightest } from "./curve.js";
import { guideOf, guided } from "./gain_map.js";
import { ofFloats } from "./picture.js";
import { quantile } from "./sorting.js";
import { boxOf, small } from "./visible.js";

const LONG_SIDE = 384;
const PLACES = 12;

/** A picture at low resolution. */
export class Guide {
  /**
   * @param {object} cells As in picture.js, at most 384 pixels on the long side.
   * @param {Float32Array | null} weights How much of each of its pixels is seen.
   */
  constructor(cells, weights) {
    this.cells = cells;
    this.weights = weights;
  }

  /** Of a picture. */
  static of(picture) {
    const { width, height } = picture;
    const scale = Math.min(1, LONG_SIDE / Math.max(height, width));
    const rows = Math.max(1, roundedToEven(scale * height));
    const columns = Math.max(1, roundedToEven(scale * width));
    const { colours, weights } = small(picture, rows, columns);
    return new Guide(ofFloats(colours, columns, rows, picture.channels), weights);
  }

  /** A map of ln g, (cells, cells), brought to the picture's edges. */
  guided(logGain) {
    const cells = Math.sqrt(logGain.length);
    return guided(logGain, this.logits(cells), cells);
  }

  /** z of cells, (cells, cells). */
  logits(cells) {
    return guideOf(this.#reduced(cells).colours, this.cells.channels);
  }

  /** Mean colours of cells, (cells, cells, channels), 0 to 1. */
  colours(cells) {
    return this.#reduced(cells).colours;
  }

  /** Mean brightness of cells, (cells, cells), 0 to 1. */
  levels(cells) {
    return brightest(this.colours(cells), this.cells.channels);
  }

  /** How much of each cell is seen, (cells, cells), 0 to 1; null if all of it is. */
  seen(cells) {
    return this.weights && this.#reduced(cells).weights;
  }

  /** Rows and columns of the picture, which is of that size, in which anything is seen. */
  box(size) {
    return boxOf(this.weights, this.cells.width, size);
  }

  /** Brightness of the lightest tenth of each cell, (cells, cells), of 12x12 places in it. */
  highlights(cells) {
    const { data, width, height, channels } = this.cells;
    const bright = brightest(data, channels);
    const count = cells * PLACES;
    const place = (side) => (_, i) => Math.trunc(((i + 0.5) * side) / count);
    const rows = Array.from({ length: count }, place(height));
    const columns = Array.from({ length: count }, place(width));
    const values = new Float32Array(PLACES * PLACES);
    return Float32Array.from({ length: cells * cells }, (_, cell) => {
      const [top, left] = [Math.floor(cell / cells) * PLACES, (cell % cells) * PLACES];
      for (let i = 0; i < values.length; i++) {
        const row = rows[top + Math.floor(i / PLACES)];
        values[i] = bright[row * width + columns[left + (i % PLACES)]];
      }
      return quantile(values.slice().sort(), 0.9);
    });
  }

  #reduced(cells) {
    if (!this.weights) return small(this.cells, cells, cells);
    const most = this.weights.reduce((top, weight) => Math.max(top, weight), 0);
    const data = this.weights.map((weight) => weight / most);
    return small({ ...this.cells, alpha: { data, stride: 1, offset: 0, scale: 1 } }, cells, cells);
  }
}

/** To the nearest whole number, halves to the even one, as Python rounds. */
function roundedToEven(value) {
  const nearest = Math.round(value);
  return nearest - value === 0.5 && nearest % 2 ? nearest - 1 : nearest;
}
