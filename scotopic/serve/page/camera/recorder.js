/** A recording of a canvas. */

const TYPES = ["video/webm;codecs=vp9", "video/webm", "video/mp4"];
const RATE = 30;

export class Recorder {
  #recorder;
  #pieces = [];

  /** @throws {Error} Where the browser records nothing. */
  constructor(canvas) {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(canvas.captureStream(RATE), { mimeType });
    this.#recorder.addEventListener("dataavailable", (event) => this.#pieces.push(event.data));
    this.#recorder.start(1000);
  }

  /** End it. @returns {Promise<{blob: Blob, suffix: string}>} */
  async stop() {
    await new Promise((done) => {
      this.#recorder.addEventListener("stop", done, { once: true });
      this.#recorder.stop();
    });
    this.#recorder.stream.getTracks().forEach((track) => track.stop());
    const type = this.#recorder.mimeType.split(";")[0];
    return {
      blob: new Blob(this.#pieces, { type }),
      suffix: type.endsWith("mp4") ? ".mp4" : ".webm",
    };
  }
}
