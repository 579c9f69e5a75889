/** Bits of a JPEG scan, and the Huffman codes that make them few. T.81, annexes C, F and K. */

const LONGEST = 16;

/**
 * The best codes of at most 16 bits for symbols that occur so often.
 *
 * @param {Float64Array} counts 256 numbers.
 * @returns {{code: Uint16Array, size: Uint8Array, lengths: number[], symbols: number[]}} Code and
 *   number of bits of each symbol; and the table as a file has it.
 */
export function optimal(counts) {
  const sizes = lengthsOf(counts);
  const lengths = new Array(LONGEST).fill(0);
  const symbols = [];
  const code = new Uint16Array(256);
  const size = new Uint8Array(256);
  let next = 0;
  for (let bits = 1; bits <= LONGEST; bits++, next <<= 1) {
    for (let symbol = 0; symbol < 256; symbol++) {
      if (sizes[symbol] !== bits) continue;
      lengths[bits - 1]++;
      symbols.push(symbol);
      code[symbol] = next++;
      size[symbol] = bits;
    }
  }
  return { code, size, lengths, symbols };
}

/** Lengths of the codes of 256 symbols and of one more, which keeps a code of ones alone free. */
function lengthsOf(counts) {
  let weights = [...counts]
    .map((count, symbol) => ({ count, symbol }))
    .filter(({ count }) => count > 0);
  if (!weights.length) weights = [{ count: 1, symbol: 0 }];
  for (;;) {
    const sizes = huffman([...weights, { count: 1e-9, symbol: 256 }]);
    if (Math.max(...sizes) <= LONGEST) return withLongestReserved(sizes);
    // Rare symbols get shorter codes where they count for more.
    weights = weights.map(({ count, symbol }) => ({ count: Math.ceil(count / 2) + 1, symbol }));
  }
}

function huffman(weights) {
  const sizes = new Uint8Array(257);
  let nodes = weights.map(({ count, symbol }) => ({ count, symbols: [symbol] }));
  while (nodes.length > 1) {
    nodes.sort((a, b) => b.count - a.count);
    const [one, other] = [nodes.pop(), nodes.pop()];
    const symbols = [...one.symbols, ...other.symbols];
    for (const symbol of symbols) sizes[symbol]++;
    nodes = [...nodes, { count: one.count + other.count, symbols }];
  }
  return sizes;
}

/** The symbol that is none takes a longest code, so that no other consists of ones alone. */
function withLongestReserved(sizes) {
  const longest = Math.max(...sizes);
  const own = sizes[256];
  if (own < longest) {
    const other = sizes.lastIndexOf(longest, 255);
    [sizes[256], sizes[other]] = [longest, own];
  }
  return sizes;
}

/** Bits, the first of them the highest of a byte; a byte of ones is followed by one of zeros. */
export class BitWriter {
  #bytes;
  #length = 0;
  #held = 0;
  #count = 0;

  constructor(capacity) {
    this.#bytes = new Uint8Array(capacity + 64);
  }

  put(value, size) {
    this.#held = (this.#held << size) | value;
    this.#count += size;
    while (this.#count >= 8) {
      this.#count -= 8;
      this.#push((this.#held >> this.#count) & 255);
    }
    this.#held &= (1 << this.#count) - 1;
  }

  /** All bytes, the last filled up with ones. */
  finished() {
    if (this.#count) this.put((1 << (8 - this.#count)) - 1, 8 - this.#count);
    return this.#bytes.subarray(0, this.#length);
  }

  #push(byte) {
    if (this.#length + 2 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
    if (byte === 255) this.#bytes[this.#length++] = 0;
  }
}
