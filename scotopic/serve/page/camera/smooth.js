/** What keeps a live picture calm, and what tells its rate. */

/**
 * A value that follows another one slowly: after the time constant it has made 63 % of the way.
 * For exposures the values are logarithms of gains, so that a stop up is as slow as one down.
 */
export class Smoother {
  #value = null;

  /** @param {number} seconds Time constant. */
  constructor(seconds = 0.6) {
    this.seconds = seconds;
  }

  /**
   * @param {number} value
   * @param {number} elapsed Seconds since the last one; does not count for the first.
   */
  next(value, elapsed) {
    if (this.#value === null) this.#value = value;
    else this.#value += (1 - Math.exp(-elapsed / this.seconds)) * (value - this.#value);
    return this.#value;
  }
}

/** How many pictures a second there were, over the last ones. */
export class Rate {
  #times = [];

  /**
   * @param {number} time In seconds.
   * @returns {number | null} null until there are two.
   */
  next(time) {
    this.#times.push(time);
    if (this.#times.length > 12) this.#times.shift();
    const span = time - this.#times[0];
    return span > 0 ? (this.#times.length - 1) / span : null;
  }
}
