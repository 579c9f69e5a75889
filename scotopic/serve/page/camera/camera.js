/** The live camera: one frame after the other through the engine, none of them queued. */
import { loadable, painterFor, release } from "../drawing/painter.js";
import { t } from "../text.js";
import { patiently } from "../work/patience.js";
import { PLAIN, ofPreview } from "../work/wish.js";
import { Rate, Smoother } from "./smooth.js";

const SIDE = 480;
const QUALITY = 0.85;

/** Tells "frame" with the rate in `detail`, and "failed" with the error. */
export class Camera extends EventTarget {
  #engine;
  #canvas;
  #painter;
  #video = document.createElement("video");
  #frame = document.createElement("canvas");
  #stop = null;

  constructor(engine, canvas) {
    super();
    this.#engine = engine;
    this.#canvas = canvas;
    Object.assign(this.#video, { muted: true, playsInline: true });
  }

  /**
   * Ask for the camera and begin.
   * @throws {Error} In words for people, where there is no camera or it may not be used.
   */
  async start() {
    if (!navigator.mediaDevices) throw new Error(t("camera.insecure"));
    const stop = new AbortController();
    this.#stop = stop;
    try {
      const video = { width: { ideal: 1280 }, facingMode: { ideal: "environment" } };
      const stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
      if (stop.signal.aborted) return stream.getTracks().forEach((track) => track.stop());
      for (const track of stream.getTracks())
        track.addEventListener("ended", () => this.#lost(stop.signal));
      this.#video.srcObject = stream;
      await this.#video.play();
    } catch (error) {
      if (this.#stop === stop) this.stop();
      const known = { NotAllowedError: "camera.refused", NotFoundError: "camera.none" }[error.name];
      throw new Error(t(known ?? "camera.failed"), { cause: error });
    }
    this.#run(stop.signal);
  }

  stop() {
    this.#stop?.abort();
    this.#stop = null;
    this.#video.srcObject?.getTracks().forEach((track) => track.stop());
    this.#video.srcObject = null;
  }

  async #run(signal) {
    this.#painter ??= painterFor(this.#canvas);
    const smoother = new Smoother(),
      rate = new Rate();
    let last = performance.now(),
      shown = -1;
    try {
      while (!signal.aborted) {
        await this.#fresh(shown);
        shown = this.#video.currentTime;
        const preview = await this.#enhanced(signal);
        if (signal.aborted) return release(preview);
        const now = performance.now();
        const wanted = smoother.next(preview.middle, (now - last) / 1000);
        last = now;
        this.#painter.load(preview);
        this.#painter.draw({ ...PLAIN, ev: (wanted - preview.middle) / Math.LN2 });
        release(preview);
        this.dispatchEvent(new CustomEvent("frame", { detail: rate.next(now / 1000) }));
      }
    } catch (error) {
      this.#failed(error, signal);
    }
  }

  /** A camera that is unplugged gives no frame more, and no error. */
  #lost(signal) {
    this.#failed(new Error(t("camera.lost")), signal);
  }

  #failed(error, signal) {
    if (signal.aborted) return;
    this.stop();
    this.dispatchEvent(new CustomEvent("failed", { detail: error }));
  }

  /** Wait until the page is seen, and until the camera has a frame that was not shown yet. */
  async #fresh(shown) {
    if (document.hidden) {
      await new Promise((done) =>
        document.addEventListener("visibilitychange", done, { once: true }),
      );
    }
    while (this.#stop && this.#video.currentTime === shown)
      await new Promise(requestAnimationFrame);
  }

  /** The frame that the camera shows now, through the engine. */
  async #enhanced(signal) {
    const wish = ofPreview(PLAIN);
    return loadable(await patiently(() => this.#asked(wish, signal), { signal }), wish);
  }

  /** An engine in the browser takes frames as they are; a server gets a small JPEG. */
  async #asked(wish, signal) {
    const options = { side: SIDE, signal };
    if (this.#engine.frame)
      return this.#engine.frame(await createImageBitmap(this.#video), wish, options);
    return this.#engine.preview(await this.#file(), wish, options);
  }

  async #file() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    Object.assign(this.#frame, {
      width: Math.round(scale * width),
      height: Math.round(scale * height),
    });
    this.#frame
      .getContext("2d")
      .drawImage(this.#video, 0, 0, this.#frame.width, this.#frame.height);
    const blob = await new Promise((done) => this.#frame.toBlob(done, "image/jpeg", QUALITY));
    return new File([blob], "frame.jpg", { type: "image/jpeg" });
  }
}
