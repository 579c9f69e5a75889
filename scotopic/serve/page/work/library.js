/** The pictures on the page, and which of them is shown. */
import { PLAIN, keyOf } from "./wish.js";

/**
 * One picture.
 *
 * `state` is waiting, running, ready (a preview is there), done (so is the result, as it is
 * asked for) or failed. `answer` is that of the last preview, `result` the last full result
 * with the `key` of its wish, `copy` one that the browser can show, where that differs.
 */
export class Item {
  static #count = 0;

  constructor(file) {
    this.id = ++Item.#count;
    this.file = file;
    this.wish = { ...PLAIN };
    this.share = null;
    this.error = null;
    this.wait = null;
    this.busy = 0;
    this.queued = 0;
    this.answer = null;
    this.made = null;
    this.result = null;
    this.copy = null;
    this.thumb = null;
    this.saved = false;
  }

  get key() {
    return keyOf(this.wish);
  }

  /** The result, if it is what is asked for now. */
  get finished() {
    return this.result?.key === this.key ? this.result : null;
  }

  get state() {
    if (this.busy) return "running";
    if (this.queued) return "waiting";
    if (this.error) return "failed";
    if (this.finished) return "done";
    return this.answer ? "ready" : "waiting";
  }
}

/** A list of items that tells when anything in it has changed ("change", at most once a task). */
export class Library extends EventTarget {
  items = [];
  selected = null;
  #told = false;

  add(files) {
    const added = files.map((file) => new Item(file));
    this.items.push(...added);
    this.selected ??= added[0] ?? null;
    this.touch();
    return added;
  }

  select(item) {
    this.selected = item;
    this.touch();
  }

  remove(item) {
    const place = this.items.indexOf(item);
    if (place < 0) return;
    this.items.splice(place, 1);
    if (item.thumb) URL.revokeObjectURL(item.thumb);
    if (this.selected === item)
      this.selected = this.items[Math.min(place, this.items.length - 1)] ?? null;
    this.touch();
  }

  has(item) {
    return this.items.includes(item);
  }

  /** Change the wish of a picture; what failed under another wish may be tried again. */
  wish(item, change) {
    item.wish = { ...item.wish, ...change };
    if (item.answer) item.error = null;
    this.touch();
  }

  /** Results that would be lost with the page. */
  get unsaved() {
    return this.items.some((item) => item.result && !item.saved);
  }

  touch() {
    if (this.#told) return;
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      this.dispatchEvent(new Event("change"));
    });
  }
}
