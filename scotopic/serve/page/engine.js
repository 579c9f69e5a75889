/**
 * The engine that asks the server of this page.
 *
 * Every engine has the same functions, so the page does not know which one it uses:
 * preview(file, wish, {side, signal}), enhance(file, wish, {signal, progress}).
 */
import { t } from "./text.js";

const POLL_MS = 500;

/** A failure in one sentence for people, with what to do about it where that is known. */
export class EngineError extends Error {
  /**
   * @param {string} message
   * @param {{remedy?: string | null, code?: string, status?: number, retryAfter?: number}} [about]
   *   `status` is that of HTTP, 0 where no answer came; `retryAfter` is in seconds.
   */
  constructor(message, { remedy = null, code = "", status = 0, retryAfter } = {}) {
    super(message);
    Object.assign(this, { name: "EngineError", remedy, code, status, retryAfter });
  }
}

/** @returns {Promise<object>} */
export async function createEngine() {
  return { name: "server", preview, enhance };
}

async function preview(file, wish, { side = 1024, signal } = {}) {
  const form = await formOf(file, wish);
  form.set("side", String(side));
  const options = { method: "POST", body: form, signal };
  const { body: parts } = await answered("v1/preview", options, "formData");
  const report = parts.get("report");
  const text = typeof report === "string" ? report : await report.text();
  return { before: parts.get("before"), after: parts.get("after"), report: JSON.parse(text) };
}

async function enhance(file, wish, { signal, progress } = {}) {
  const form = await formOf(file, wish),
    job = newId();
  form.set("job", job);
  const told = progress ? telling(job, progress) : null;
  try {
    const options = { method: "POST", body: form, signal };
    const { headers, body: blob } = await answered("v1/enhance", options, "blob");
    const report = headers.get("Scotopic-Report");
    return {
      blob,
      name: nameIn(headers.get("Content-Disposition") ?? "", file.name),
      report: report ? JSON.parse(decodeURIComponent(report)) : null,
    };
  } finally {
    told?.stop();
  }
}

/** @throws {EngineError} Where the file is no longer as it was chosen. */
async function formOf(file, wish) {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    // Sending it would fail as if no server were there.
    throw new EngineError(t("file.changed"), { code: "changed" });
  }
  const form = new FormData();
  for (const [key, value] of Object.entries(wish)) {
    if (value !== undefined && value !== null && value !== "") form.set(key, String(value));
  }
  form.set("file", file, file.name);
  return form;
}

/**
 * An answer that is a success, or the error that it tells.
 * @param {"blob" | "formData"} kind As what the body is read: the connection may end in it, too.
 */
async function answered(path, options, kind) {
  let response;
  try {
    response = await fetch(path, options);
    if (response.ok) return { headers: response.headers, body: await response[kind]() };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new EngineError(t("engine.gone"), { remedy: t("engine.gone.remedy"), code: "gone" });
  }
  const told = await response.json().catch(() => null);
  const {
    message = t("engine.status", { status: response.status }),
    remedy,
    code,
  } = told?.error ?? {};
  const wait = Number(response.headers.get("Retry-After"));
  throw new EngineError(message, {
    remedy: remedy ?? null,
    code: code ?? "",
    status: response.status,
    retryAfter: response.status === 429 ? Math.max(1, wait || 1) : undefined,
  });
}

/** Ask for the share that is done of a job, as long as it runs. */
function telling(job, progress) {
  let timer = setTimeout(ask, POLL_MS);
  let running = true;
  async function ask() {
    const state = await fetch(`v1/jobs/${job}`)
      .then((r) => (r.ok ? r.json() : null))
      .catch(() => null);
    if (!running) return;
    if (state) progress(state.state === "running" ? state.share : null);
    timer = setTimeout(ask, POLL_MS);
  }
  return {
    stop() {
      running = false;
      clearTimeout(timer);
    },
  };
}

/** 128 random bits; crypto.randomUUID is only there on secure origins. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((b) => b.toString(16).padStart(2, "0"))
    .join("");
}

/** The name in a Content-Disposition, the one in UTF-8 (RFC 8187) first. */
export function nameIn(disposition, otherwise) {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (extended) return decodeURIComponent(extended);
  const plain = /filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  return plain ? plain.replace(/\\(.)/g, "$1") : otherwise;
}
