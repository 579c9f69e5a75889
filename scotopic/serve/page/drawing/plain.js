/** Painting by the processor, where there is no WebGL 2. */
import { expose } from "../pixels/curve.js";
import { LARGEST } from "../pixels/gain_map.js";
import { clip } from "../pixels/units.js";

/** A painter of pictures under a dragged exposure; see painter.js. */
export class PlainPainter {
  #context;
  #loaded = null;

  constructor(canvas) {
    this.#context = canvas.getContext("2d", { willReadFrequently: true });
  }

  load(preview) {
    const { width, height } = preview.after;
    const { canvas } = this.#context;
    [canvas.width, canvas.height] = [width, height];
    const before = pixels(this.#context, preview.before);
    const after = pixels(this.#context, preview.after);
    const automatic = preview.map.logGain(colors(before), width);
    this.#loaded = { preview, width, height, before, after, automatic };
  }

  draw({ ev, balance, strength }) {
    if (!this.#loaded) return;
    const { preview, width, height, before, after, automatic } = this.#loaded;
    const at = (log, wish) =>
      clip(
        wish.balance * log + (1 - wish.balance) * preview.middle + wish.ev * Math.LN2,
        -LARGEST,
        LARGEST,
      );
    const asked = { ev, balance };
    const gains = Float64Array.from(automatic, (log) =>
      Math.exp(at(log, asked) - at(log, preview)),
    );
    const exposed = expose(colors(after), gains);
    const image = this.#context.createImageData(width, height);
    for (let i = 0, from = 0; i < image.data.length; i++) {
      if (i % 4 === 3) {
        image.data[i] = after[i];
        continue;
      }
      const source = before[i],
        made = 255 * exposed[from++];
      image.data[i] = Math.round(source + strength * (made - source));
    }
    this.#context.putImageData(image, 0, 0);
  }
}

function pixels(context, bitmap) {
  // What was there would shine through where the picture is transparent.
  context.clearRect(0, 0, bitmap.width, bitmap.height);
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}

/** Of RGBA levels the colours, 0 to 1. */
function colors(levels) {
  const result = new Float32Array((levels.length / 4) * 3);
  for (let i = 0, to = 0; i < levels.length; i++) if (i % 4 < 3) result[to++] = levels[i] / 255;
  return result;
}
