/** Where two plain values differ, in words, for messages that refuse what does not match. */

/**
 * The first key in which two plain values (JSON) differ, with both values; undefined if they do not.
 *
 * @example
 * plainDifference({ seed: 1, model: { width: 3 } }, { seed: 1, model: { width: 4 } })
 * // "model.width: 3 then, 4 now"
 */
export function plainDifference(before: unknown, now: unknown, path = ""): string | undefined {
  if (sameText(before, now)) return undefined;
  if (typeof before !== "object" || typeof now !== "object" || before === null || now === null) {
    return `${path || "all"}: ${short(before)} then, ${short(now)} now`;
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const inner = plainDifference(
      Reflect.get(before, key),
      Reflect.get(now, key),
      path ? `${path}.${key}` : key,
    );
    if (inner !== undefined) return inner;
  }
  return undefined; // In the order of keys alone.
}

function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function short(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 50 ? `${text.slice(0, 47)}…` : text;
}
