/** Random masks for dropout, made outside the graph, where a stream can be stored and gone on with. */
import type { Stream } from "../array/index.ts";
import type { SessionValue } from "../engine/index.ts";
import type { MaskInput } from "../nn/index.ts";

/**
 * Values of all mask inputs for some steps, 1 where something is kept; drawn step by step, so that cutting a fold into
 * calls changes nothing.
 */
export function dropoutMasks(
  masks: readonly MaskInput[],
  steps: number,
  random: Stream,
): Record<string, SessionValue> {
  const drawn = masks.map(({ tensor, probability }) => {
    const shape = tensor.shape as readonly number[];
    const size = shape.reduce((count, length) => count * length, 1);
    const words = new Uint32Array(Math.ceil(size / 4));
    const all = new Uint8Array(steps * size);
    return { name: tensor.attributes.name, probability, shape, size, words, all };
  });
  for (let step = 0; step < steps; step++) {
    for (const { probability, size, words, all } of drawn) {
      drawMask(words, probability, random);
      all.set(new Uint8Array(words.buffer, 0, size), step * size);
    }
  }
  return Object.fromEntries(
    drawn.map(({ name, shape, all }): [string, SessionValue] => [
      name,
      { data: all, shape: [steps, ...shape] },
    ]),
  );
}

/**
 * Fills the bytes of the words with ones and zeros, each a one with the probability (to 2⁻¹⁶). Four bytes are compared
 * at once: a random byte is kept if it lies below the threshold ⌊256p⌋, or below the next in as many words as the rest
 * of p asks for, in turns that begin at a random place.
 */
export function drawMask(words: Uint32Array, probability: number, random: Stream): void {
  const limit = Math.round(probability * 65536);
  const [threshold, rest] = [limit >> 8, limit & 255];
  const [add, whole] = comparison(threshold);
  const [nextAdd, nextWhole] = comparison(threshold + 1);
  let turn = random.uint32() & 255;
  random.fill(words);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]! | 0;
    turn += rest;
    const isNext = turn >= 256;
    if (isNext) turn -= 256;
    const sum = ((word & 0x7f7f7f7f) + (isNext ? nextAdd : add)) | 0;
    const either = isNext ? nextWhole : whole;
    const dropped = (sum & (word | either)) | (word & either);
    words[i] = (~dropped >>> 7) & 0x01010101;
  }
}

/**
 * How bytes x are compared with a threshold without carries between them: the highest bit of (x mod 128) + what is
 * given first says whether x ≥ threshold, together with the highest bit of x: either of them (−1) up to a threshold of
 * 128, both (0) above.
 */
function comparison(threshold: number): readonly [add: number, either: number] {
  return threshold <= 128
    ? [Math.imul(128 - threshold, 0x01010101), -1]
    : [Math.imul(256 - threshold, 0x01010101), 0];
}
