/** Networks in ONNX Runtime for browsers: load, verify, run. */

import { EngineError } from "./errors.js";
import { blanks, enhance, look, asked } from "./exposing.js";
import { specOf } from "./onnx.js";

/** Threads that are worth having: more wait for memory. */
const MOST_THREADS = 8;
const RUNTIMES = {
  wasm: "../runtime/ort.wasm.bundle.min.mjs",
  webgpu: "../runtime/ort.webgpu.bundle.min.mjs",
};
/** How far two engines' results may be apart, 0 to 1: a quarter of an 8-bit level. */
const ALIKE = 0.25 / 255;

/** SHA-256 of bytes, in hexadecimal. */
export async function sha256(bytes) {
  if (!crypto.subtle) {
    throw new EngineError("this browser checks no file that comes over plain HTTP", {
      remedy: "open the page over HTTPS, or from localhost",
    });
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A file of this page.
 *
 * @param {string} path From this module.
 * @param {string} what Its name in a sentence.
 * @param {RequestCache} [cache]
 * @returns {Promise<Response>}
 * @throws {EngineError} If the host does not give it.
 */
export async function fetched(path, what, cache = "default") {
  const failed = (reason) =>
    new EngineError(`${what} could not be loaded: ${reason}`, {
      remedy: "load the page again while it can be reached",
      status: 503,
    });
  const response = await fetch(new URL(path, import.meta.url), { cache }).catch((error) => {
    throw failed(error.message);
  });
  if (!response.ok) throw failed(`the host answered ${response.status}`);
  return response;
}

/** The bytes of a network that has this hash. */
async function verified({ name, file, sha256: wanted }) {
  // Of an earlier build, the browser may still have one of the same name.
  for (const cache of ["default", "reload"]) {
    const response = await fetched(`../models/${file}`, `the network ${name}`, cache);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if ((await sha256(bytes)) === wanted) return bytes;
  }
  throw new EngineError(`the network ${name} is not the one that this page was built with`, {
    remedy: "load the page again, or build it anew",
    status: 503,
  });
}

/**
 * The runtime and the networks of this page. One run at a time: the runtime knows no more.
 */
export class Networks {
  #models;
  #sessions = new Map();
  #turn = Promise.resolve();

  /**
   * @param {{ort: object, kind: string, threads: number, models: object[]}} parts
   */
  constructor({ ort, kind, threads, models }) {
    Object.assign(this, { ort, kind, threads });
    this.#models = models;
  }

  /**
   * Load a runtime: that of WebGPU where it gives the right picture and is asked for, or wasm.
   *
   * @param {object[]} models From models.json.
   */
  static async load(models) {
    const wasm = await Networks.#of("wasm", models);
    if (!(await hasGpu())) return wasm;
    const faster = await Networks.#of("webgpu", models).catch(() => null);
    if (!faster) return wasm;
    const [best, other] = (await isBetter(faster, wasm)) ? [faster, wasm] : [wasm, faster];
    await other.release();
    return best;
  }

  /** Give back the memory of all networks; one that is asked for then is loaded again. */
  async release() {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const loaded of sessions) {
      const { session } = await loaded.catch(() => ({}));
      await this.#inTurn(() => session?.release()).catch(() => {});
    }
  }

  static async #of(kind, models) {
    const ort = await import(new URL(RUNTIMES[kind], import.meta.url));
    const threads = self.crossOriginIsolated
      ? Math.min(navigator.hardwareConcurrency, MOST_THREADS)
      : 1;
    ort.env.wasm.numThreads = threads;
    ort.env.wasm.wasmPaths = new URL("../runtime/", import.meta.url).href;
    ort.env.logLevel = "error";
    return new Networks({ ort, kind, threads, models });
  }

  /** In words, such as "wasm, 2 threads". */
  get name() {
    if (this.kind === "webgpu") return "WebGPU";
    return `wasm, ${this.threads === 1 ? "1 thread" : `${this.threads} threads`}`;
  }

  /** A network by its name, loaded if it was not yet. */
  async network(name) {
    const model = this.#models.find((each) => each.name === name);
    if (!model) {
      const names = this.#models.map((each) => each.name).join(", ");
      throw new EngineError(`there is no network ${name} in this page; there are: ${names}`);
    }
    if (!this.#sessions.has(name)) this.#sessions.set(name, this.#session(model));
    try {
      const { session, spec, filling } = await this.#sessions.get(name);
      return {
        spec,
        run: (outputs, inputs) =>
          this.#inTurn(() => this.#run(session, outputs, { ...filling, ...inputs })),
      };
    } catch (error) {
      this.#sessions.delete(name);
      throw error;
    }
  }

  async #session(model) {
    const bytes = await verified(model);
    const spec = specOf(bytes);
    const session = await this.#inTurn(() =>
      this.ort.InferenceSession.create(bytes, {
        executionProviders: [this.kind],
        enableMemPattern: false,
        graphOptimizationLevel: "all",
      }),
    );
    return { session, spec, filling: blanks(spec) };
  }

  async #run(session, outputs, inputs) {
    const feeds = {};
    for (const [key, { data, dims }] of Object.entries(inputs)) {
      feeds[key] = new this.ort.Tensor("float32", data, dims);
    }
    const made = await session.run(feeds, outputs);
    const results = {};
    for (const key of outputs) {
      results[key] = await made[key].getData();
      made[key].dispose();
    }
    return results;
  }

  #inTurn(work) {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** Whether there is WebGPU on a graphics card: that which the processor computes is slower. */
async function hasGpu() {
  try {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    return Boolean(adapter) && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
  } catch {
    return false;
  }
}

/** Whether a runtime enhances a small picture as another one does, and no slower. */
async function isBetter(tried, known) {
  const results = [];
  for (const networks of [known, tried]) {
    const result = await testRun(networks).catch(() => null);
    if (!result) return false;
    results.push(result);
  }
  const [right, found] = results;
  const isRight = found.data.every((level, i) => Math.abs(level - right.data[i]) <= ALIKE * 65535);
  return isRight && found.time <= right.time;
}

/** What a runtime makes of the picture, and how long it takes once it has done so before. */
async function testRun(networks) {
  const network = await networks.network("fast");
  await testPicture(network);
  const began = performance.now();
  const data = await testPicture(network);
  return { data, time: performance.now() - began };
}

/** A dark picture of 16 bits with colours, noise and a lamp, enhanced. */
async function testPicture(network) {
  const side = 160;
  const data = new Uint16Array(side * side * 4).fill(65535);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++, at++) {
      for (let channel = 0; channel < 3; channel++, at++) {
        const noise = ((x * x * 31 + y * y * 17 + x * y * 7 + channel * 101) % 97) / 97;
        data[at] = 1500 + 3000 * noise + 20 * ((x + channel * y) % side);
        if (x > 120 && y < 30) data[at] = 60000;
      }
    }
  }
  const picture = {
    data,
    width: side,
    height: side,
    stride: 4,
    channels: 3,
    scale: 65535,
    alpha: null,
  };
  const seen = await look(network, picture);
  const { gains } = asked(seen, {});
  await enhance(
    network,
    picture,
    { seen, gains, strength: 1 },
    { tilePixels: 2 ** 20, progress: async () => {} },
  );
  return data;
}
