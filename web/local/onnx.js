/**
 * What an ONNX file says of itself: its metadata, which the runtime for browsers does not tell.
 *
 * A file is a message of Protocol Buffers. Of its fields, 14 holds the metadata: messages of a
 * key, field 1, and a value, field 2 (onnx.proto: ModelProto, StringStringEntryProto).
 */

import { EngineError } from "./errors.js";

const METADATA = 14;
const PREFIX = "scotopic.";
const LENGTH_DELIMITED = 2;
const FIXED = { 1: 8, 5: 4 };

/** Fields of a message that are bytes: number and content. */
function* fieldsOf(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; at < bytes.length; factor *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new EngineError("a network's file ends too early");
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = key & 7;
    if (kind === LENGTH_DELIMITED) {
      const length = varint();
      yield [Math.floor(key / 8), bytes.subarray(at, at + length)];
      at += length;
    } else if (kind === 0) {
      varint();
    } else {
      at += FIXED[kind] ?? bytes.length;
    }
  }
}

/** All metadata of an ONNX file: key to text. */
function metadataOf(bytes) {
  const decoder = new TextDecoder();
  const found = {};
  for (const [field, content] of fieldsOf(bytes)) {
    if (field !== METADATA) continue;
    const entry = Object.fromEntries(fieldsOf(content));
    found[decoder.decode(entry[1])] = decoder.decode(entry[2]);
  }
  return found;
}

const RULES = {
  name: (value) => typeof value === "string" && value.trim() !== "",
  version: (value) => typeof value === "string",
  size_multiple: isCount,
  receptive_radius: (value) => Number.isInteger(value) && value >= 0,
  thumbnail_size: isCount,
  context_size: isCount,
  bytes_per_pixel: isCount,
  training_data: (value) => typeof value === "string",
  licence: (value) => typeof value === "string",
  recipe_sha256: (value) => typeof value === "string",
  layout: (value) => value === "NCHW",
  curve: (value) => value === "m: g*m/(1+(g-1)*m); x/m: h*r/(1+(h-1)*r), h=(1+(g-1)*m)^0.3",
  encoding: (value) => value === "as stored, gamma, RGB in 0..1",
};

function isCount(value) {
  return Number.isInteger(value) && value >= 1;
}

/**
 * Read and check what a network of the exposing kind says of itself.
 *
 * @param {Uint8Array} bytes The file.
 * @returns {object} The fields of scotopic's ModelSpec.
 * @throws {EngineError} Where a field is missing, not known, or not what this page can run.
 */
export function specOf(bytes) {
  const spec = {};
  for (const [key, text] of Object.entries(metadataOf(bytes))) {
    if (!key.startsWith(PREFIX)) continue;
    const field = key.slice(PREFIX.length);
    if (!RULES[field]) throw new EngineError(`the network has an unknown field ${field}`);
    spec[field] = JSON.parse(text);
  }
  for (const [field, accepts] of Object.entries(RULES)) {
    if (!(field in spec)) throw new EngineError(`the network's file does not tell its ${field}`);
    if (!accepts(spec[field])) throw new EngineError(`the network's ${field} cannot be used here`);
  }
  return spec;
}
