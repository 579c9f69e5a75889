/** Painting by the graphics card (WebGL 2). */
import { FRAGMENT, VERTEX } from "./shader.js";

const UNITS = ["before", "after", "grid"];

/** A painter of pictures under a dragged exposure; see painter.js. */
export class WebGLPainter {
  #gl;
  #places = {};
  #textures = {};
  #loaded = null;

  /** @throws {Error} Where there is no WebGL 2. */
  constructor(canvas) {
    const options = { antialias: false, depth: false, preserveDrawingBuffer: true };
    const gl = canvas.getContext("webgl2", options);
    if (!gl) throw new Error("no WebGL 2");
    this.#gl = gl;
    this.#prepare();
    // A card that was reset gives a new context only where the loss of the old one was taken.
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => this.#prepare());
  }

  /** Make what a new context lacks; a preview must be loaded anew. */
  #prepare() {
    const gl = this.#gl;
    if (gl.isContextLost()) return;
    this.#loaded = null;
    const program = linked(gl);
    gl.useProgram(program);
    gl.bindVertexArray(gl.createVertexArray());
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    for (const name of [...UNITS, "size", "middle", "asked", "made", "strength"]) {
      this.#places[name] = gl.getUniformLocation(program, name);
    }
    UNITS.forEach((name, unit) => {
      this.#textures[name] = gl.createTexture();
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, this.#textures[name]);
      for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
        gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
      }
      gl.uniform1i(this.#places[name], unit);
    });
  }

  load(preview) {
    const gl = this.#gl,
      { before, after, map } = preview;
    const { width, height } = after;
    gl.canvas.width = width;
    gl.canvas.height = height;
    gl.viewport(0, 0, width, height);
    gl.activeTexture(gl.TEXTURE0);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, before);
    gl.activeTexture(gl.TEXTURE1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, after);
    const cells = new Float32Array(2 * map.rows * map.columns);
    map.slope.forEach((slope, i) => cells.set([slope, map.offset[i]], 2 * i));
    gl.activeTexture(gl.TEXTURE2);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, map.columns, map.rows, 0, gl.RG, gl.FLOAT, cells);
    gl.uniform2f(this.#places.size, width, height);
    gl.uniform1f(this.#places.middle, preview.middle);
    gl.uniform2f(this.#places.made, preview.ev * Math.LN2, preview.balance);
    this.#loaded = preview;
  }

  draw({ ev, balance, strength }) {
    if (!this.#loaded) return;
    const gl = this.#gl;
    gl.uniform2f(this.#places.asked, ev * Math.LN2, balance);
    gl.uniform1f(this.#places.strength, strength);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    const logs = gl.getAttachedShaders(program).map((shader) => gl.getShaderInfoLog(shader));
    throw new Error([gl.getProgramInfoLog(program), ...logs].join("\n"));
  }
  return program;
}
