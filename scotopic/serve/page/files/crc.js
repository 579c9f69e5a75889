/** CRC-32 as in zip, gzip and PNG (polynomial 0xEDB88320, reflected). */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/**
 * @param {Uint8Array} bytes
 * @param {number} [before] CRC of the bytes before these.
 * @returns {number} 0 to 2^32 - 1
 */
export function crc32(bytes, before = 0) {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/**
 * CRC of a blob, read in pieces so that it is never in memory as a whole.
 * @param {Blob} blob
 */
export async function crcOfBlob(blob, piece = 2 ** 22) {
  let crc = 0;
  for (let start = 0; start < blob.size; start += piece) {
    crc = crc32(new Uint8Array(await blob.slice(start, start + piece).arrayBuffer()), crc);
  }
  return crc;
}
