/** Previews: of the picture that is shown at once, of all others one after the other. */
import { thumbOf } from "./thumb.js";
import { patiently } from "./patience.js";
import { isPreviewOf, ofPreview } from "./wish.js";

/** How long the hand rests before the network is asked. */
export const REST_MS = 250;

export class Previews {
  #engine;
  #library;
  #running = new Map();
  #timer = 0;
  #pumping = false;

  /** @param {() => number} side Longest side of previews that the screen has use for. */
  constructor(engine, library, side) {
    this.#engine = engine;
    this.#library = library;
    this.side = side;
  }

  /** Make what is missing: of the picture shown first, then of the others in their order. */
  update() {
    const { selected } = this.#library;
    if (selected && !selected.answer && this.#needs(selected) && !this.#running.has(selected))
      this.#make(selected);
    this.#pump();
  }

  /** The wish of a picture has changed: ask the network when the hand rests. */
  later(item) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#needs(item) && this.#make(item), REST_MS);
  }

  /** Stop what is being made of a picture. */
  drop(item) {
    this.#running.get(item)?.abort();
  }

  #needs(item) {
    if (!this.#library.has(item) || (item.error && !item.answer)) return false;
    return !item.made || !isPreviewOf(item.made, item.wish);
  }

  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let item; (item = this.#next());) await this.#make(item);
    this.#pumping = false;
  }

  #next() {
    const open = (item) => !item.answer && !item.error && !this.#running.has(item);
    return this.#library.items.find(open);
  }

  async #make(item) {
    this.#running.get(item)?.abort();
    const stop = new AbortController(),
      { signal } = stop,
      wish = ofPreview(item.wish);
    this.#running.set(item, stop);
    const first = !item.answer;
    if (first) item.busy += 1;
    this.#library.touch();
    const waiting = (seconds) => {
      item.wait = seconds;
      this.#library.touch();
    };
    try {
      const ask = () => this.#engine.preview(item.file, wish, { side: this.side(), signal });
      const answer = await patiently(ask, { signal, waiting });
      // Decoded to be sure that it can be shown; the pictures are decoded again when it is.
      const thumb = first ? await thumbOf(answer.after) : null;
      if (signal.aborted) return thumb && URL.revokeObjectURL(thumb);
      if (thumb) item.thumb = thumb;
      Object.assign(item, { answer, made: wish, error: null });
    } catch (error) {
      if (!signal.aborted) item.error = error;
    } finally {
      if (this.#running.get(item) === stop) this.#running.delete(item);
      if (first) item.busy -= 1;
      this.#library.touch();
    }
  }
}
