/** Independent reproducible random streams: one seed, and a key for each purpose. */
/** Part of the key of a stream: what it is for, which member, which epoch … */
export type StreamKey = string | number;

/**
 * A reproducible stream of random numbers (xoshiro128**, Blackman and Vigna, arXiv 1805.01407).
 *
 * Streams of different keys are independent for all practical purposes: their states are filled
 * by a mixing hash of seed and key, so that no stream depends on how far another one was read.
 *
 * @example
 * const stream = new Stream(1337, "shuffle", 3);
 * stream.uniform() === new Stream(1337, "shuffle", 3).uniform() // true
 */
export class Stream {
  readonly #state = new Uint32Array(4);
  #spareNormal: number | undefined;

  constructor(seed: number, ...key: readonly StreamKey[]) {
    const text = `${seed}|${key.join("|")}`;
    // FNV-1a over the text, then splitmix32 steps: every bit of the key reaches every word of the state.
    let hash = 0x811c9dc5;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    let second = 0x9e3779b9;
    for (let i = text.length - 1; i >= 0; i--) second = Math.imul(second ^ text.charCodeAt(i), 0x85ebca6b);
    for (let i = 0; i < 4; i++) {
      hash = (hash + 0x9e3779b9) | 0;
      let z = hash ^ (i % 2 === 0 ? second : Math.imul(second, 0xc2b2ae35));
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.#state[i] = z ^ (z >>> 15);
    }
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** Next 32 random bits as an unsigned integer. */
  uint32(): number {
    const s = this.#state;
    const s1 = s[1]!;
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s1 << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Fills an array with what `uint32` would give, several times faster. */
  fill(words: Uint32Array): Uint32Array {
    const s = this.#state;
    let [a, b, c, d] = [s[0]! | 0, s[1]! | 0, s[2]! | 0, s[3]! | 0];
    for (let i = 0; i < words.length; i++) {
      const product = Math.imul(b, 5);
      words[i] = Math.imul((product << 7) | (product >>> 25), 9);
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
    }
    s.set([a, b, c, d]);
    return words;
  }

  /** Passes over what the next calls of `uint32` would give. */
  skip(count: number): void {
    const words = new Uint32Array(Math.min(count, 4096));
    for (let left = count; left > 0; left -= words.length) {
      this.fill(left < words.length ? words.subarray(0, left) : words);
    }
  }

  /** Another stream, ruled by where this one stands and a number; this one is not read. */
  fork(number: number): Stream {
    const other = new Stream(0);
    mixState(this.#state, number, other.#state);
    return other;
  }

  /**
   * Streams of numbered things, such as the events of a fold, ruled by where this stream stands, which is not read:
   * what is drawn for one thing does not depend on which others are drawn for, nor in which order. Each call gives the
   * same object, at the beginning of another stream.
   *
   * @example
   * const streamOf = new Stream(1).numbered();
   * streamOf(7).uniform() === streamOf(7).uniform() // true
   */
  numbered(): (number: number) => Stream {
    const key = this.#state.slice();
    const stream = new Stream(0);
    return (number) => {
      stream.#spareNormal = undefined;
      mixState(key, number, stream.#state);
      return stream;
    };
  }

  /** Uniform in [0, 1), 53 random bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** Uniform integer in [0, below), below ≤ 2³², without bias. */
  integer(below: number): number {
    if (below > 1048576) {
      const limit = 4294967296 - (4294967296 % below);
      let draw = this.uint32();
      while (draw >= limit) draw = this.uint32();
      return draw % below;
    }
    // Lemire's multiplication (arXiv 1805.10941): exact in a double up to 2⁵², and without a slow remainder.
    let product = this.uint32() * below;
    let high = (product / 4294967296) | 0;
    if (product - high * 4294967296 < below) {
      const threshold = 4294967296 % below;
      while (product - high * 4294967296 < threshold) {
        product = this.uint32() * below;
        high = (product / 4294967296) | 0;
      }
    }
    return high;
  }

  /** Standard normal (polar method of Marsaglia). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const square = u * u + v * v;
      if (square > 0 && square < 1) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        this.#spareNormal = v * factor;
        return u * factor;
      }
    }
  }

  /** A random permutation of 0 … count−1 (Fisher–Yates). */
  permutation(count: number): Int32Array {
    const order = new Int32Array(count);
    for (let i = 0; i < count; i++) order[i] = i;
    return this.shuffle(order);
  }

  /** Shuffles in place and returns the same array. */
  shuffle<T extends { length: number; [index: number]: number }>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swapped = values[i]!;
      values[i] = values[j]!;
      values[j] = swapped;
    }
    return values;
  }
}

/** A state that every bit of a key and of a number reaches: two rounds of MurmurHash3's finaliser a word. */
function mixState(key: Uint32Array, number: number, state: Uint32Array): void {
  for (let i = 0; i < 4; i++) {
    state[i] = finalised(key[i]! + finalised(Math.imul(number, 0x9e3779b1) + Math.imul(i + 1, 0x85ebca77)));
  }
  if ((state[0]! | state[1]! | state[2]! | state[3]!) === 0) state[0] = 1;
}

function finalised(word: number): number {
  let z = word | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
