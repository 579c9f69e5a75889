/** A failure in one sentence for people, with what to do about it where that is known. */
export class EngineError extends Error {
  /**
   * @param {string} message
   * @param {{remedy?: string | null, code?: string, status?: number}} [about] `status` is what a
   *   server would answer: 413 too large, 415 no picture that is read, 422 cannot be enhanced.
   */
  constructor(message, { remedy = null, code = "", status = 422 } = {}) {
    super(message);
    Object.assign(this, { name: "EngineError", remedy, code, status });
  }
}

/** What is said of a file that cannot be read. */
export function damaged() {
  return new EngineError("the picture's file is damaged", { status: 415 });
}

/** What is said of a file that ends too early. */
export function cutOff() {
  return new EngineError("the picture's file is cut off", {
    remedy: "the program reads what is there: scotopic enhance --allow-truncated",
    status: 415,
  });
}

/** An error as plain values, which cross from a worker to the page. */
export function told(error) {
  const { name, message, remedy = null, code = "", status = 422 } = error;
  return { name, message, remedy, code, status };
}

/** The error that `told` told. */
export function ofTold({ name, message, ...about }) {
  if (name === "AbortError") return new DOMException(message, name);
  if (name === "EngineError") return new EngineError(message, about);
  const isMemory = name === "RangeError" || /alloc|memory/i.test(message);
  return isMemory
    ? new EngineError("there is not enough memory in this browser for the picture", {
        remedy: "close other tabs, or use the program: scotopic enhance",
        status: 413,
      })
    : new EngineError(`failed by ${name}: ${message}`);
}
