/** The sliders of the exposure, and how results are written. */
import { t } from "../text.js";
import { PLAIN, isAutomatic } from "../work/wish.js";

const SLIDERS = [
  { name: "ev", min: -3, max: 3, step: 0.05 },
  { name: "balance", min: 0, max: 1, step: 0.01 },
  { name: "strength", min: 0, max: 1, step: 0.01 },
];
export const FORMATS = ["", "jpg", "png", "webp", "avif", "tif", "jxl", "jp2"];
const THUMB = 20;

/** The formats that an engine writes; one that does not tell writes all. */
export const offered = ({ formats }) =>
  formats ? FORMATS.filter((name) => !name || formats.includes(name)) : FORMATS;

const WITHOUT_QUALITY = new Set(["png", "tif"]);

/** Stops in words: "+0.5 stops", and "automatic" for none. */
export function stops(ev) {
  if (!ev) return t("ev.none");
  const n = Math.abs(ev) === 1 ? 1 : 2;
  return t("ev.stops", {
    n,
    stops: (ev > 0 ? "+" : "−") + Math.abs(ev).toFixed(Number.isInteger(ev * 10) ? 1 : 2),
  });
}

const valueText = (name, value) =>
  name === "ev" ? stops(value) : t("percent", { percent: Math.round(100 * value) });

/** Tells "wish" with the change in `detail` when a control has been moved. */
export class Controls extends EventTarget {
  #sliders = {};
  #format = document.getElementById("format");
  #quality = document.getElementById("quality");
  #strip = document.getElementById("strip");
  #reset = document.getElementById("reset");

  constructor(engine) {
    super();
    const form = document.getElementById("sliders");
    for (const slider of SLIDERS) form.append(this.#slider(slider));
    for (const name of offered(engine)) {
      const option = new Option(name ? t(`format.${name}`) : t("format.keep"), name);
      this.#format.append(option);
    }
    for (const form of [document.getElementById("sliders"), document.getElementById("output")]) {
      form.addEventListener("submit", (event) => event.preventDefault());
    }
    this.#format.addEventListener("change", () => this.#tell({ format: this.#format.value }));
    this.#quality.addEventListener("change", () => this.#tell({ quality: this.#qualityValue() }));
    this.#strip.addEventListener("change", () => this.#tell({ strip: this.#strip.checked }));
    this.#reset.addEventListener("click", () => {
      const { ev, balance, strength } = PLAIN;
      this.#tell({ ev, balance, strength });
    });
  }

  /** Show a wish. */
  show(wish) {
    for (const { name } of SLIDERS) this.#value(name, wish[name]);
    this.#format.value = wish.format;
    this.#strip.checked = wish.strip;
    this.#quality.disabled = WITHOUT_QUALITY.has(wish.format);
    if (document.activeElement !== this.#quality) this.#quality.value = wish.quality ?? "";
    this.#reset.disabled = isAutomatic(wish);
  }

  #slider({ name, ...range }) {
    const box = document.createElement("div"),
      input = document.createElement("input");
    const label = document.createElement("label"),
      output = document.createElement("output");
    const hint = document.createElement("p");
    box.className = "slider";
    Object.assign(input, { type: "range", id: name, ...range });
    Object.assign(label, { htmlFor: name, textContent: t(name) });
    output.setAttribute("for", name);
    output.setAttribute("aria-hidden", "true"); // the slider itself says its value
    Object.assign(hint, {
      id: `${name}-hint`,
      className: name === "balance" ? "quiet" : "hidden",
      textContent: t(`${name}.hint`),
    });
    input.setAttribute("aria-describedby", hint.id);
    input.addEventListener("input", () => this.#tell({ [name]: Number(input.value) }));
    input.addEventListener("dblclick", () => this.#tell({ [name]: PLAIN[name] }));
    this.#sliders[name] = { input, output };
    box.append(label, output, input, hint);
    return box;
  }

  #value(name, value) {
    const { input, output } = this.#sliders[name];
    if (Number(input.value) !== value) input.value = value;
    this.#fill(input, PLAIN[name], value);
    output.value = valueText(name, value);
    input.setAttribute("aria-valuetext", output.value);
  }

  /** Mark the way from where the slider usually is to where it is now. */
  #fill(input, usual, value) {
    const at = (place) => {
      const share = (place - Number(input.min)) / (Number(input.max) - Number(input.min));
      return `calc(${THUMB / 2}px + ${share} * (100% - ${THUMB}px))`;
    };
    input.style.setProperty("--from", at(Math.min(usual, value)));
    input.style.setProperty("--to", at(Math.max(usual, value)));
  }

  #qualityValue() {
    const value = Math.round(Number(this.#quality.value));
    const held = this.#quality.value ? Math.min(100, Math.max(1, value)) : null;
    this.#quality.value = held ?? "";
    return held;
  }

  #tell(change) {
    this.dispatchEvent(new CustomEvent("wish", { detail: change }));
  }
}
