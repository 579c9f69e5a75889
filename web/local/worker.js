/**
 * The worker of the engine: takes calls from the page, one message each, and answers them.
 *
 * In: {id, call, argument} or {id, stop: true}. Out: {id, value}, {id, error} or {id, share}.
 */

import { told } from "./errors.js";
import { FAST_MODEL, Jobs } from "./jobs.js";
import { fetched, Networks } from "./network.js";

const stopped = new Set();
let ready = null;

async function start() {
  const response = await fetched("../models/models.json", "the list of networks");
  const { version, models } = await response.json();
  const networks = await Networks.load(models);
  // Ready by the time that a photo is chosen; a failure is told by the call that needs it.
  networks.network(FAST_MODEL).catch(() => {});
  return { networks, models, jobs: new Jobs({ networks, version }) };
}

async function started() {
  ready ??= start();
  try {
    return await ready;
  } catch (error) {
    ready = null;
    throw error;
  }
}

/** Let messages in, and end the call if the page does not want its answer any more. */
async function alive(id) {
  await new Promise((done) => setTimeout(done));
  if (stopped.has(id)) throw new DOMException("stopped", "AbortError");
}

const CALLS = {
  async start() {
    const { networks, models } = await started();
    return {
      name: networks.name,
      models: models.map(({ name, description }) => ({ name, description })),
    };
  },
  enhance: async (argument, how) => (await started()).jobs.enhance(argument, how),
  preview: async (argument, how) => (await started()).jobs.preview(argument, how),
  frame: async (argument, how) => (await started()).jobs.frame(argument, how),
};

self.onmessage = async ({ data: { id, call, argument, stop } }) => {
  if (stop) {
    stopped.add(id);
    return;
  }
  const how = { alive: () => alive(id), progress: (share) => self.postMessage({ id, share }) };
  try {
    const value = await CALLS[call](argument, how);
    const moved = call === "frame" ? [value.before, value.after] : [];
    self.postMessage({ id, value }, moved);
  } catch (error) {
    self.postMessage({ id, error: told(error) });
  } finally {
    stopped.delete(id);
  }
};
