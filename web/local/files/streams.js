/** Compression by the browser: zlib, as PNG has it. */

/** Bytes through a stream that transforms them. */
async function through(stream, bytes) {
  const writer = stream.writable.getWriter();
  // A failure is told where the result is read.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  return new Uint8Array(await new Response(stream.readable).arrayBuffer());
}

/** @returns {Promise<Uint8Array>} Of the format of zlib. */
export function deflated(bytes) {
  return through(new CompressionStream("deflate"), bytes);
}

/**
 * The bytes that such were compressed from; as far as there are any, where they end too early.
 *
 * @param {Uint8Array} bytes
 * @param {number} most More are not made of them.
 * @returns {Promise<{bytes: Uint8Array, isWhole: boolean}>}
 */
export async function inflated(bytes, most) {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const result = new Uint8Array(most);
  let length = 0;
  let isWhole = true;
  while (length < most) {
    const read = await reader.read().catch(() => null);
    if (!read) isWhole = false;
    if (!read || read.done) break;
    const part = read.value.subarray(0, most - length);
    result.set(part, length);
    length += part.length;
  }
  await reader.cancel().catch(() => {});
  // A view would hold room for all that was allowed.
  return { bytes: length < most ? result.slice(0, length) : result, isWhole };
}
