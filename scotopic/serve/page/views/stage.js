/** The stage: a picture before and after, a divider between them, zoom and pan. */
import { painterFor } from "../drawing/painter.js";
import { t } from "../text.js";
import { covered, fitScale, fitted, held, moved, zoomed } from "./geometry.js";
import { listen } from "./gestures.js";

const STEP = 1.5;
const WIPE_STEP = 0.02;
const PAN_STEP = 64;
const COARSE = 1.25;
const TAG_MARGIN = 24;

/** Tells "zoom" when it has zoomed, "lost" when what was drawn must be shown anew. */
export class Stage extends EventTarget {
  #root;
  #wipeHandle;
  #panes;
  #surfaces;
  #canvas;
  #tags;
  #source;
  #painter;
  #size = null;
  #previewWidth = 1;
  #view = null;
  #atFit = true;
  #wipe = 0.5;
  #full = { before: null, after: null };

  constructor(root) {
    super();
    this.#root = root;
    this.#wipeHandle = root.querySelector(".wipe");
    this.#panes = [...root.querySelectorAll(".pane")];
    this.#surfaces = this.#panes.map((pane) => pane.firstElementChild);
    [this.#source, this.#canvas] = this.#surfaces.map((surface) => surface.firstElementChild);
    this.#tags = [...root.querySelectorAll(".tag")];
    this.#painter = painterFor(this.#canvas);
    // After the painter, which was told first, has prepared itself again.
    this.#canvas.addEventListener("webglcontextrestored", () =>
      this.dispatchEvent(new Event("lost")),
    );
    listen(root, {
      grab: (event) => (event.target === this.#wipeHandle || !this.isZoomed ? "wipe" : "pan"),
      wipe: (x) => this.#wipeTo(x),
      pan: (dx, dy) => this.pan(dx, dy),
      zoom: (factor, point) => this.zoomTo((this.#view?.scale ?? 1) * factor, point),
      twice: (point) =>
        this.isZoomed ? this.fit() : this.zoomTo(Math.max(this.one, 2 * this.#fitScale), point),
    });
    this.#wipeHandle.addEventListener("keydown", (event) => this.#wipeKey(event));
    root.addEventListener("keydown", (event) => event.target === root && this.#panKey(event));
    new ResizeObserver(() => this.#resized()).observe(root);
    this.clear();
  }

  /** Pixels of the screen along the longer side. */
  get pixels() {
    return Math.max(this.#root.clientWidth, this.#root.clientHeight) * devicePixelRatio;
  }

  /** The scale at which a pixel of the picture is one of the screen. */
  get one() {
    return 1 / devicePixelRatio;
  }

  get isZoomed() {
    return Boolean(this.#view) && this.#view.scale > this.#fitScale * 1.001;
  }

  /** Share of the picture's own pixels that is seen: 1 at 1:1. */
  get level() {
    return this.#view ? this.#view.scale * devicePixelRatio : null;
  }

  /** Whether the preview has too few pixels for what is seen. */
  get isBeyondPreview() {
    if (!this.#view || this.#atFit) return false;
    const perPixel = (this.level * this.#size.width) / this.#previewWidth;
    return perPixel > COARSE || this.level > 0.99;
  }

  get #fitScale() {
    return this.#size ? fitScale(this.#box, this.#size) : 1;
  }

  get #box() {
    return { width: this.#root.clientWidth, height: this.#root.clientHeight };
  }

  /** Show nothing. */
  clear() {
    this.#size = this.#view = null;
    this.full({});
    this.#root.classList.add("blank");
    this.#changed();
  }

  /**
   * Show a picture, the whole of it if its size is another one or `anew` is said.
   * @param {object} preview As from drawing/painter.js.
   * @param {{width: number, height: number}} size Of the picture itself.
   */
  show(preview, size, wish, anew) {
    const { before } = preview;
    [this.#source.width, this.#source.height] = [before.width, before.height];
    this.#source.getContext("2d").drawImage(before, 0, 0);
    this.#painter.load(preview);
    this.#painter.draw(wish);
    this.#previewWidth = before.width;
    const isOther = anew || this.#size?.width !== size.width || this.#size?.height !== size.height;
    this.#size = size;
    this.#root.style.setProperty("--aspect", String(size.height / size.width));
    this.#root.classList.remove("blank");
    if (isOther) this.fit();
    else this.#placed();
  }

  /** Draw the picture as a wish has it. */
  draw(wish) {
    this.#painter.draw(wish);
  }

  /**
   * Show pictures in full over the previews; none where an address is missing.
   * @param {{before?: string, after?: string}} addresses
   */
  full(addresses) {
    ["before", "after"].forEach((side, i) => {
      const address = addresses[side] ?? null;
      if (this.#full[side] === address) return;
      this.#full[side] = address;
      this.#surfaces[i].querySelector("img")?.remove();
      if (address) this.#overlay(side, this.#surfaces[i], address);
    });
  }

  async #overlay(side, surface, address) {
    const picture = new Image();
    picture.alt = "";
    picture.src = address;
    await picture.decode().catch(() => null);
    if (this.#full[side] !== address || !picture.naturalWidth) return;
    surface.querySelector("img")?.remove();
    surface.append(picture);
    this.dispatchEvent(new Event("full"));
  }

  /** Whether the full result is what is seen. */
  get showsFull() {
    return Boolean(this.#surfaces[1].querySelector("img"));
  }

  fit() {
    if (!this.#size) return;
    this.#atFit = true;
    this.#view = fitted(this.#box, this.#size);
    this.#placed();
    this.#changed();
  }

  zoomTo(scale, point = { x: this.#box.width / 2, y: this.#box.height / 2 }) {
    if (!this.#size) return;
    this.#view = zoomed(this.#view, scale, point, this.#box, this.#size);
    this.#atFit = Math.abs(this.#view.scale / this.#fitScale - 1) < 0.001;
    this.#placed();
    this.#changed();
  }

  zoomBy(steps) {
    this.zoomTo((this.#view?.scale ?? 1) * STEP ** steps);
  }

  pan(dx, dy) {
    if (!this.#size) return;
    this.#view = moved(this.#view, dx, dy, this.#box, this.#size);
    this.#placed();
  }

  #resized() {
    if (!this.#size || !this.#root.clientWidth) return; // nothing fits a stage that is hidden
    if (this.#atFit) return this.fit();
    this.#view = held(this.#view, this.#box, this.#size);
    this.#placed();
  }

  #wipeTo(x) {
    if (!this.#size) return;
    const [left, right] = covered(this.#view, this.#box, this.#size);
    this.#wipe = Math.min(1, Math.max(0, (x - left) / (right - left)));
    this.#placed();
  }

  #wipeKey(event) {
    const steps = {
      ArrowLeft: -1,
      ArrowDown: -1,
      ArrowRight: 1,
      ArrowUp: 1,
      PageDown: -5,
      PageUp: 5,
    };
    const place =
      { Home: 0, End: 1 }[event.key] ?? this.#wipe + (steps[event.key] ?? NaN) * WIPE_STEP;
    if (Number.isNaN(place)) return;
    event.preventDefault();
    this.#wipe = Math.min(1, Math.max(0, place));
    this.#placed();
  }

  #panKey(event) {
    const [dx, dy] =
      { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ??
      [];
    if (dx === undefined || !this.isZoomed) return;
    event.preventDefault();
    this.pan(dx * PAN_STEP, dy * PAN_STEP);
  }

  #placed() {
    const { scale, x, y } = this.#view;
    for (const surface of this.#surfaces) {
      surface.style.width = `${this.#size.width * scale}px`;
      surface.style.height = `${this.#size.height * scale}px`;
      surface.style.transform = `translate(${x}px, ${y}px)`;
    }
    const [left, right] = covered(this.#view, this.#box, this.#size);
    const at = left + this.#wipe * (right - left);
    this.#panes[0].style.clipPath = `inset(0 ${this.#box.width - at}px 0 0)`;
    this.#panes[1].style.clipPath = `inset(0 0 0 ${at}px)`;
    this.#wipeHandle.style.transform = `translateX(${at}px)`;
    this.#tagged([left, right], at);
    const percent = Math.round(100 * this.#wipe);
    this.#wipeHandle.setAttribute("aria-valuenow", percent);
    this.#wipeHandle.setAttribute("aria-valuetext", t("wipe.value", { percent }));
  }

  /** Keep the words in the corners of the picture, away where their side is too narrow. */
  #tagged([left, right], at) {
    const { style } = this.#root,
      { width, height } = this.#box;
    style.setProperty("--left", `${left}px`);
    style.setProperty("--right", `${width - right}px`);
    style.setProperty("--top", `${Math.max(0, this.#view.y)}px`);
    style.setProperty(
      "--bottom",
      `${Math.max(0, height - this.#view.y - this.#size.height * this.#view.scale)}px`,
    );
    const [before, after] = this.#tags;
    before.classList.toggle("out", at - left < before.offsetWidth + TAG_MARGIN);
    after.classList.toggle("out", right - at < after.offsetWidth + TAG_MARGIN);
  }

  #changed() {
    this.#root.classList.toggle("zoomed", this.isZoomed);
    this.#root.classList.toggle("pixels", (this.level ?? 0) >= 2);
    this.dispatchEvent(new Event("zoom"));
  }
}
