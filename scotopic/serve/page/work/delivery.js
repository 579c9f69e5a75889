/** Results handed to the person: one as a file, all as an archive. */
import { save } from "../files/download.js";
import { distinct } from "../files/names.js";
import { parts, zip } from "../files/zip.js";

const ARCHIVE = "scotopic";

export class Delivery {
  /** The pictures that are delivered together; none if nothing is. */
  wanted = [];

  constructor(library, results) {
    this.library = library;
    this.results = results;
  }

  /** @returns {Promise<string>} The name of the file. */
  async one(item) {
    const { blob, name } = await this.#asked(item);
    save(blob, name);
    item.saved = true;
    this.library.touch();
    return name;
  }

  /**
   * All pictures that can be enhanced; one that fails stops no other.
   * @returns {Promise<number | null>} How many there were; null if it was cancelled.
   */
  async all() {
    this.wanted = this.library.items.filter((item) => item.answer || !item.error);
    this.library.touch();
    const stopped = { is: false };
    try {
      const made = await Promise.all(this.wanted.map((item) => this.#made(item, stopped)));
      if (stopped.is) return null;
      const items = this.wanted.filter((_, i) => made[i]);
      if (items.length) await this.#saveAll(made.filter(Boolean));
      for (const item of items) item.saved = true;
      return items.length;
    } finally {
      this.wanted = [];
      this.library.touch();
    }
  }

  /** The result as it is asked for in the end: the wish may change while it is made. */
  async #asked(item) {
    try {
      return await this.results.of(item);
    } catch (error) {
      // Stopped for a newer wish, whose result is on its way: the person has not cancelled.
      if (error.name === "AbortError" && this.results.works(item)) return this.#asked(item);
      throw error;
    }
  }

  async #made(item, stopped) {
    try {
      return await this.#asked(item);
    } catch (error) {
      if (error.name === "AbortError" && this.library.has(item)) stopped.is = true;
      return null;
    }
  }

  async #saveAll(made) {
    const names = distinct(made.map(({ name }) => name));
    const groups = parts(made.map(({ blob }, i) => ({ name: names[i], blob })));
    for (const [i, group] of groups.entries()) {
      save(await zip(group), groups.length > 1 ? `${ARCHIVE}-${i + 1}.zip` : `${ARCHIVE}.zip`);
    }
  }
}
