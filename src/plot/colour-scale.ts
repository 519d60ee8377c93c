/** Colours of numbers: a diverging scale about a middle. */

/** Blue, white, red: told apart with every common colour vision, and pale where nothing happens. */
const stops: readonly (readonly [number, number, number])[] = [
  [33, 102, 172],
  [146, 197, 222],
  [247, 247, 247],
  [244, 165, 130],
  [178, 24, 43],
];

/**
 * The colour of a number from −1 (blue) over 0 (white) to 1 (red); what lies outside has the colour of the end.
 *
 * @example
 * divergingColour(-1) // "#2166ac"
 */
export function divergingColour(t: number): string {
  const place = ((Math.min(1, Math.max(-1, t)) + 1) / 2) * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(place));
  const part = place - below;
  const [from, to] = [stops[below]!, stops[below + 1]!];
  const channels = from.map((value, i) => Math.round(value + part * (to[i]! - value)));
  return `#${channels.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Black or white: what can be read on the colour of that number. */
export function inkOn(t: number): string {
  return Math.abs(t) > 0.72 ? "#ffffff" : "#1a1a1a";
}
