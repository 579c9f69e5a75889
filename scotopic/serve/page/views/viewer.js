/** The picture that is selected, on the stage: as a preview, and in full where that is needed. */
import { loadable, release } from "../drawing/painter.js";
import { isShown } from "../files/names.js";
import { t } from "../text.js";
import { REST_MS } from "../work/previews.js";
import { isPreviewOf } from "../work/wish.js";
import { Stage } from "./stage.js";
import { problem } from "./words.js";

const KEYS = { "+": 1, "=": 1, "-": -1 };

/** Tells "full" when the full result has come into view. */
export class Viewer extends EventTarget {
  #results;
  #stage = new Stage(document.getElementById("stage"));
  #state = document.getElementById("stage-state");
  #note = document.getElementById("stage-note");
  #item = null;
  #answer = null;
  #preview = null;
  #timer = 0;
  #asked = null;
  #addresses = { key: null, before: null, after: null };

  constructor(results) {
    super();
    this.#results = results;
    const click = (id, act) => document.getElementById(id).addEventListener("click", act);
    click("zoom-in", () => this.#stage.zoomBy(1));
    click("zoom-out", () => this.#stage.zoomBy(-1));
    click("zoom-fit", () => this.#stage.fit());
    click("zoom-one", () => this.#stage.zoomTo(this.#stage.one));
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#stage.addEventListener("zoom", () => this.#zoomed());
    this.#stage.addEventListener("lost", () => this.#load(true));
    this.#stage.addEventListener("full", () => {
      this.#told();
      if (this.#stage.showsFull) this.dispatchEvent(new Event("full"));
    });
  }

  /** Longest side that previews should have for this screen. */
  get side() {
    const wanted = Math.ceil((this.#stage.pixels || 1024) / 128) * 128;
    return Math.min(1600, Math.max(768, wanted));
  }

  /** Show an item as it is now; null for none. */
  show(item) {
    if (item !== this.#item) this.#change(item);
    if (!item) return;
    if (item.answer && item.answer !== this.#answer) this.#load(false);
    else if (this.#preview) this.#stage.draw(item.wish);
    if (this.#addresses.after && this.#addresses.key !== item.key) this.#forget("after");
    this.#sharpen();
    this.#told();
  }

  #change(item) {
    this.#item = item;
    this.#answer = this.#asked = null;
    this.#forget("before");
    this.#forget("after");
    release(this.#preview);
    this.#preview = null;
    this.#stage.clear();
  }

  async #load(again) {
    const item = this.#item,
      isFirst = !this.#answer;
    if (!item?.answer || (again && !this.#preview)) return;
    this.#answer = item.answer;
    const preview = again ? this.#preview : await this.#loaded(item);
    if (!preview) return;
    if (item !== this.#item || item.answer !== this.#answer) return release(preview);
    if (!again) release(this.#preview);
    this.#preview = preview;
    const { width, height } = item.answer.report;
    this.#stage.show(preview, { width, height }, item.wish, isFirst);
    this.#told();
  }

  /** The pictures of a preview; null, with the error at the item, where they cannot be shown. */
  async #loaded(item) {
    try {
      return await loadable(item.answer, item.made);
    } catch (error) {
      item.error = error;
      this.#told();
      return null;
    }
  }

  /** Get the full result where the preview has too few pixels for what is seen. */
  #sharpen() {
    clearTimeout(this.#timer);
    const item = this.#item;
    if (!item?.answer || !this.#stage.isBeyondPreview) return;
    if (item.error) {
      this.#asked = null; // so that it is made when the person tries again
      return;
    }
    if (this.#addresses.after && this.#addresses.key === item.key) return;
    if (this.#asked === item.key) return;
    const isThere = item.finished && isShown(item.finished.name);
    this.#timer = setTimeout(() => this.#getFull(item), isThere ? 0 : REST_MS);
  }

  async #getFull(item) {
    const { key } = item;
    // Asked for once: what was cancelled is made again when the person zooms again.
    this.#asked = key;
    const result = await this.#results.shownOf(item).catch(() => null);
    if (result && this.#asked === key) this.#asked = null;
    if (!result || item !== this.#item || key !== item.key) return;
    if (this.#addresses.after && this.#addresses.key === key) return;
    this.#forget("after");
    this.#addresses.key = key;
    this.#addresses.after = URL.createObjectURL(result.blob);
    if (isShown(item.file.name)) this.#addresses.before ??= URL.createObjectURL(item.file);
    this.#stage.full(this.#addresses);
    this.#told();
  }

  #forget(side) {
    const address = this.#addresses[side];
    this.#addresses[side] = null;
    this.#stage.full(this.#addresses);
    if (address) URL.revokeObjectURL(address);
  }

  #zoomed() {
    const { level } = this.#stage;
    const percent = level === null ? "" : t("percent", { percent: Math.round(100 * level) });
    document.getElementById("zoom-level").value = percent;
    if (this.#item && !this.#results.works(this.#item)) this.#asked = null;
    this.#sharpen();
    this.#told();
  }

  /** Say what is seen. */
  #told() {
    const item = this.#item;
    this.#state.classList.toggle("bad", Boolean(item?.error));
    const state = !item || item.answer ? "" : this.#missing(item);
    if (this.#state.textContent !== state) this.#state.textContent = state;
    const note = item?.answer ? this.#noteOf(item) : "";
    if (this.#note.textContent !== note) this.#note.textContent = note;
  }

  #missing(item) {
    if (item.wait) return t("note.wait", { n: item.wait });
    return item.error ? problem(item.error) : t("stage.looking");
  }

  #noteOf(item) {
    if (item.wait) return t("note.wait", { n: item.wait });
    if (item.error) return problem(item.error);
    if (this.#stage.showsFull) return t(this.#addresses.before ? "note.full" : "note.full.after");
    const isStopped = this.#asked === item.key && !this.#results.works(item);
    if (this.#stage.isBeyondPreview && !isStopped) {
      if (item.share === null) return t("note.making");
      return t("note.making.share", { percent: Math.round(100 * item.share) });
    }
    return t(isPreviewOf(item.made, item.wish) ? "note.preview" : "note.following");
  }

  /** + - 0 1, where no other control has the focus. */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#item) return;
    const focus = document.activeElement,
      viewer = document.getElementById("viewer");
    if (!viewer.offsetParent) return; // the camera is shown instead
    if (focus !== document.body && !viewer.contains(focus)) return;
    if (event.key in KEYS) this.#stage.zoomBy(KEYS[event.key]);
    else if (event.key === "0") this.#stage.fit();
    else if (event.key === "1") this.#stage.zoomTo(this.#stage.one);
    else return;
    event.preventDefault();
  }
}
