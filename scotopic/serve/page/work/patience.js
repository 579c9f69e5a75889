/** Trying again what a server with a full queue has refused, after the time that it tells. */

/** Wait so many seconds; an aborted signal ends it as it ends a fetch. */
function pause(seconds, signal) {
  return new Promise((done, failed) => {
    if (signal?.aborted) return failed(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      failed(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      done();
    }, 1000 * seconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * @param {() => Promise<T>} call
 * @param {{signal?: AbortSignal, waiting?: (seconds: number | null) => void}} options `waiting`
 *   is told each second how many are left, and null when the call is made again.
 * @template T
 * @returns {Promise<T>}
 */
export async function patiently(call, { signal, waiting = () => {} } = {}) {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!error.retryAfter) throw error;
      try {
        for (let left = Math.ceil(error.retryAfter); left > 0; left--) {
          waiting(left);
          await pause(1, signal);
        }
      } finally {
        waiting(null);
      }
    }
  }
}
