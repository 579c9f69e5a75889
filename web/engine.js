/**
 * The engine that computes in this browser, by a worker: the page needs no server.
 *
 * It has the same functions as the one that asks a server: models(), preview(file, wish, {side,
 * signal}), enhance(file, wish, {signal, progress}). It has more: `formats`, those that it writes, and
 * frame(image, wish, {side, signal}), which takes an ImageBitmap or a VideoFrame of a camera, closes
 * it, and gives {before, after, report} with ImageBitmaps.
 */

import { EngineError, ofTold } from "./local/errors.js";

export { EngineError };

/** Idle time after which the worker is given up: its memory, once taken, is never given back. */
const IDLE_MS = 60_000;

/** @returns {Promise<object>} */
export async function createEngine() {
  await registerServiceWorker();
  const worker = new Calls();
  const { name, models } = await worker.call("start", null, {});
  return {
    name: `this browser: ${name}`,
    formats: ["jpg", "png", "webp"],
    models: async () => models,
    preview: (file, wish, { side = 1024, signal } = {}) =>
      worker.call("preview", { file, wish, side, key: keyOf(file) }, { signal }),
    enhance: (file, wish, { signal, progress } = {}) =>
      worker.call("enhance", { file, wish }, { signal, progress }),
    frame: (image, wish, { side, signal } = {}) =>
      worker.call("frame", { image, wish, side }, { signal, moved: [image] }),
  };
}

const keys = new WeakMap();
let nextKey = 0;

/** A number for each file, so that its previews can be made without reading it again. */
function keyOf(file) {
  if (!keys.has(file)) keys.set(file, nextKey++);
  return keys.get(file);
}

async function registerServiceWorker() {
  const container = navigator.serviceWorker;
  if (!container) return;
  // Without it, for example in a private window, the page works while its host can be reached.
  await container.register(new URL("service-worker.js", import.meta.url)).catch(() => {});
}

/** Calls to a worker, which is started when there are some and given up when it rests. */
class Calls {
  #worker = null;
  #open = new Map();
  #nextId = 0;
  #timer = 0;

  call(call, argument, { signal, progress, moved = [] }) {
    if (signal?.aborted) {
      for (const image of moved) image.close();
      return Promise.reject(signal.reason);
    }
    clearTimeout(this.#timer);
    this.#worker ??= this.#started();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#worker?.postMessage({ id, stop: true });
        this.#end(id);
        reject(signal.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
      const ended = () => signal?.removeEventListener("abort", stop);
      this.#open.set(id, { resolve, reject, progress, ended });
      this.#worker.postMessage({ id, call, argument }, moved);
    });
  }

  #started() {
    const worker = new Worker(new URL("local/worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => this.#answer(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#failed(
        new EngineError(`the page's worker failed: ${event.message ?? "it could not be loaded"}`),
      );
    };
    return worker;
  }

  #answer({ id, value, error, share }) {
    const call = this.#open.get(id);
    if (!call) {
      for (const bitmap of [value?.before, value?.after]) bitmap?.close?.();
      return;
    }
    if (share !== undefined) {
      call.progress?.(share);
      return;
    }
    this.#end(id);
    if (error) call.reject(ofTold(error));
    else call.resolve(value);
  }

  #end(id) {
    this.#open.get(id)?.ended();
    this.#open.delete(id);
    if (!this.#open.size) this.#timer = setTimeout(() => this.#giveUp(), IDLE_MS);
  }

  #failed(error) {
    const calls = [...this.#open.values()];
    this.#open.clear();
    this.#giveUp();
    for (const { reject, ended } of calls) {
      ended();
      reject(error);
    }
  }

  #giveUp() {
    this.#worker?.terminate();
    this.#worker = null;
  }
}
