/** Full results, made one after the other. */
import { isShown } from "../files/names.js";
import { patiently } from "./patience.js";
import { keyOf } from "./wish.js";

export class Results {
  #engine;
  #library;
  #jobs = new Map();
  #last = Promise.resolve();

  constructor(engine, library) {
    this.#engine = engine;
    this.#library = library;
  }

  /** Whether anything is being made, or waits to be. */
  get busy() {
    return this.#jobs.size > 0;
  }

  /** Whether a picture is being made, or waits to be. */
  works(item) {
    return this.#jobs.has(item);
  }

  /**
   * The result of a picture as it is asked for now. One that is being made is not made twice;
   * one that is being made by an older wish is stopped.
   * @returns {Promise<{blob: Blob, name: string, key: string}>}
   */
  of(item) {
    if (item.finished) return Promise.resolve(item.finished);
    const job = this.#jobs.get(item);
    if (job?.asked === item.key) return job.promise;
    job?.stop.abort();
    return this.#start(item, item, (made) =>
      Object.assign(item, { result: made, saved: false }),
    );
  }

  /**
   * The result as the browser can show it: itself, or a JPEG of it. The wish is that of the
   * call, also where it changes before the result is there.
   */
  async shownOf(item) {
    const { wish, key } = item,
      result = await this.of(item);
    if (isShown(result.name)) return result;
    if (item.copy?.key === key) return item.copy;
    const shown = { ...wish, format: "jpg", quality: 95, strip: true },
      job = this.#jobs.get(item);
    if (job?.asked === keyOf(shown)) return job.promise;
    const keep = (made) => Object.assign(item, { copy: made });
    return this.#start(item, { wish: shown, key }, keep);
  }

  /** Stop what is being made of a picture, or of all. */
  cancel(item) {
    for (const [other, job] of this.#jobs) if (!item || other === item) job.stop.abort();
  }

  /** Make a picture by a wish, as the result or the copy of the wish that `key` tells. */
  #start(item, { wish, key }, keep) {
    const stop = new AbortController();
    item.queued += 1;
    const promise = this.#last
      .then(() => this.#run(item, wish, stop.signal))
      .then((made) => {
        keep({ ...made, key });
        return { ...made, key };
      });
    const job = { asked: keyOf(wish), stop, promise };
    this.#jobs.set(item, job);
    const ended = () => {
      if (this.#jobs.get(item) === job) this.#jobs.delete(item);
      this.#library.touch();
    };
    this.#last = promise.then(ended, ended);
    this.#library.touch();
    return promise;
  }

  async #run(item, wish, signal) {
    item.queued -= 1;
    signal.throwIfAborted();
    Object.assign(item, { busy: item.busy + 1, share: null, error: null });
    this.#library.touch();
    const told = (name) => (value) => {
      item[name] = value;
      this.#library.touch();
    };
    try {
      const call = () => this.#engine.enhance(item.file, wish, { signal, progress: told("share") });
      const made = await patiently(call, { signal, waiting: told("wait") });
      signal.throwIfAborted();
      return made;
    } catch (error) {
      if (!signal.aborted) item.error = error;
      throw error;
    } finally {
      Object.assign(item, { busy: item.busy - 1, share: null });
    }
  }
}
