/** Sizes of memory as people write them: `512MB`, `2GB`, `1.5GiB`. */

const units: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["B", 1],
  ["KB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["KIB", 2 ** 10],
  ["MIB", 2 ** 20],
  ["GIB", 2 ** 30],
  ["TIB", 2 ** 40],
]);

/**
 * The number of bytes: MB and GB are powers of 1,000, MiB and GiB of 1,024; undefined for any other text.
 *
 * @example
 * memorySize("1.5GiB") // 1610612736
 */
export function memorySize(text: string): number | undefined {
  const [, digits, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = units.get(unit.toUpperCase());
  return digits === undefined || factor === undefined ? undefined : Math.round(Number(digits) * factor);
}
