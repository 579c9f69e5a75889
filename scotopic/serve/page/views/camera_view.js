/** The part of the page for the live camera. */
import { Camera } from "../camera/camera.js";
import { Recorder } from "../camera/recorder.js";
import { save } from "../files/download.js";
import { t } from "../text.js";
import { problem } from "./words.js";

const SNAPSHOT_QUALITY = 0.95;

/** A name with the time, such as camera_2026-03-01_18-30-05. */
function nameAt(date) {
  const two = (number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `camera_${day}_${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join("-")}`;
}

/** Tells "closed" when the person has left it, and "recording" when that begins or ends. */
export class CameraView extends EventTarget {
  #camera;
  #engineName;
  #canvas = document.getElementById("camera-picture");
  #state = document.getElementById("camera-state");
  #snapshot = document.getElementById("snapshot");
  #record = document.getElementById("record");
  #recorder = null;
  #unrecorded = "";

  constructor(engine, engineName) {
    super();
    this.#engineName = engineName;
    this.#camera = new Camera(engine, this.#canvas);
    this.#camera.addEventListener("frame", ({ detail }) => this.#framed(detail));
    this.#camera.addEventListener("failed", ({ detail }) => this.#failed(problem(detail)));
    this.#snapshot.addEventListener("click", () => {
      this.#canvas.toBlob(
        (blob) => save(blob, `${nameAt(new Date())}.jpg`),
        "image/jpeg",
        SNAPSHOT_QUALITY,
      );
    });
    this.#record.addEventListener("click", () => this.#toggleRecord());
    document.getElementById("camera-close").addEventListener("click", () => this.close());
  }

  async open() {
    this.#ready(false);
    this.#state.textContent = t("camera.starting");
    document.getElementById("camera-close").focus();
    try {
      await this.#camera.start();
    } catch (error) {
      this.#failed(error.message);
    }
  }

  async close() {
    await this.#endRecord();
    this.#camera.stop();
    this.dispatchEvent(new Event("closed"));
  }

  /** Whether a recording would be lost with the page. */
  get records() {
    return this.#recorder !== null;
  }

  #ready(is) {
    this.#snapshot.disabled = !is;
    this.#record.disabled = !is || !window.MediaRecorder || this.#unrecorded !== "";
  }

  #framed(rate) {
    this.#ready(true);
    if (rate === null) return;
    const shown = rate >= 9.5 ? Math.round(rate) : rate.toFixed(1);
    const said = t("camera.rate", { rate: shown, engine: this.#engineName });
    this.#state.textContent = this.#unrecorded ? `${said} ${this.#unrecorded}` : said;
  }

  #failed(sentence) {
    this.#endRecord();
    this.#ready(false);
    this.#state.textContent = sentence;
  }

  async #toggleRecord() {
    if (this.#recorder) return this.#endRecord();
    try {
      this.#recorder = new Recorder(this.#canvas);
    } catch {
      this.#unrecorded = t("camera.unrecorded");
      this.#record.disabled = true;
      return;
    }
    this.#showRecord();
  }

  async #endRecord() {
    const recorder = this.#recorder;
    if (!recorder) return;
    this.#recorder = null;
    this.#showRecord();
    const { blob, suffix } = await recorder.stop();
    save(blob, nameAt(new Date()) + suffix);
  }

  #showRecord() {
    const is = this.#recorder !== null;
    this.#record.textContent = t(is ? "record.stop" : "record");
    this.#record.setAttribute("aria-pressed", String(is));
    this.dispatchEvent(new Event("recording"));
  }
}
