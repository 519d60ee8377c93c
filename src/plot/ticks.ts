/** Axes: ranges, the positions of labelled and unlabelled ticks, and the labels as physicists write them. */

/** One axis: its title, range, and ticks. */
export interface Axis {
  readonly title: string;
  readonly domain: readonly [number, number];
  readonly log: boolean;
  /** Positions of long ticks, all with a label. */
  readonly major: readonly number[];
  /** Positions of short ticks. */
  readonly minor: readonly number[];
  /** Labels of the long ticks, in their order. */
  readonly labels: readonly string[];
  /** Whether it has names instead of numbers: they need no ticks, and stand closer. */
  readonly isNamed?: boolean;
  /** Pixels of the two ends of the domain, where the axis does not take the whole side. */
  readonly range?: readonly [number, number];
}

/**
 * An axis on which equal distances are equal differences. Steps are 1, 2 or 5 times a power of ten; labels are at least
 * `minimumStep` apart (1 for what is counted in integers).
 *
 * @example
 * linearAxis("loss", 0, 1).labels // ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
 */
export function linearAxis(
  title: string,
  minimum: number,
  maximum: number,
  count = 6,
  minimumStep = 0,
): Axis {
  const [low, high] = opened(minimum, maximum);
  const raw = Math.max((high - low) / count, minimumStep);
  const power = 10 ** Math.floor(Math.log10(raw));
  const ratio = raw / power;
  // A hair of slack: 4e-5 / 4 must not count as more than 1e-5.
  const above = (limit: number): boolean => ratio > limit * (1 + 1e-9);
  const factor = above(5) ? 10 : above(2) ? 5 : above(1) ? 2 : 1;
  const step = factor * power;
  const divisions = factor === 2 ? 4 : 5;
  const major: number[] = [];
  const minor: number[] = [];
  // Ticks are counted in integers: 0.1 added up thirty times would not be 3.
  const fine = step / divisions;
  const slack = 1e-9 * (high - low);
  const first = Math.ceil((low - slack) / fine);
  const last = Math.floor((high + slack) / fine);
  for (let i = first; i <= last; i++) {
    const value = Number((i * fine).toPrecision(12));
    if (i % divisions === 0) major.push(value === 0 ? 0 : value);
    else minor.push(value);
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const labels = major.map((value) =>
    largest < 1e-3 || largest >= 1e7 ? powerLabel(value, 1) : decimalLabel(value, decimals),
  );
  return { title, domain: [low, high], log: false, major, minor, labels };
}

/**
 * An axis on which equal distances are equal ratios; both limits must be positive.
 *
 * @example
 * logAxis("entries", 0.01, 10).labels // ["10⁻²", "10⁻¹", "1", "10"]
 */
export function logAxis(title: string, minimum: number, maximum: number): Axis {
  const low = minimum;
  const high = maximum > minimum ? maximum : minimum * 10;
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.ceil(Math.log10(high) - 1e-9);
  const decades = Math.log10(high / low);
  const every = Math.max(1, Math.ceil(decades / 9));
  const labelled = decades < 1.2 ? [1, 2, 3, 5] : decades < 2.2 ? [1, 3] : [1];
  const major: number[] = [];
  const minor: number[] = [];
  for (let exponent = first; exponent <= last; exponent++) {
    for (let digit = 1; digit <= 9; digit++) {
      const value = Number(`${digit}e${exponent}`);
      if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
      if (labelled.includes(digit) && exponent % every === 0) major.push(value);
      else if (every === 1 || digit === 1) minor.push(value);
    }
  }
  const plain = low >= 0.01 && high <= 1e4 && decades < 2.2;
  const labels = major.map((value) =>
    plain ? decimalLabel(value, Math.max(0, -Math.floor(Math.log10(value) + 1e-9))) : powerLabel(value, 0),
  );
  return { title, domain: [low, high], log: true, major, minor, labels };
}

/** Names along a vertical axis, from the bottom, at 0, 1, 2 …, with so many free rows below. */
export function namedRows(title: string, names: readonly string[], free = 0): Axis {
  return {
    title,
    domain: [-0.6 - free, names.length - 0.4],
    log: false,
    major: names.map((_, i) => i),
    minor: [],
    labels: names,
    isNamed: true,
  };
}

/** How a field is placed along an axis: the Vega-Lite channel with its scale. The axis itself is drawn by the frame. */
export function channel(field: string, axis: Axis): Record<string, unknown> {
  return {
    field,
    type: "quantitative",
    scale: {
      type: axis.log ? "log" : "linear",
      domain: [...axis.domain],
      nice: false,
      ...(axis.log ? {} : { zero: false }),
      // Marks are clipped at the whole frame: what a part of it does not show must end at its border.
      ...(axis.range ? { range: [...axis.range], clamp: true } : {}),
    },
    axis: null,
  };
}

/** Ticks and labels of an axis as Vega-Lite takes them: inward, or outward and with grid lines. */
export function axisLooks(axis: Axis, isPlain: boolean): Record<string, unknown> {
  const labels = Object.fromEntries(axis.major.map((value, i) => [String(value), axis.labels[i]]));
  const names = JSON.stringify(labels);
  const isMajor = `!!(${names})[datum.value]`;
  return {
    title: axis.title,
    values: [...axis.major, ...(isPlain ? [] : axis.minor)].sort((a, b) => a - b),
    labelExpr: `(${names})[datum.value] || ''`,
    labelOverlap: false,
    labelFlush: false,
    // Ticks that point inward lie over what is filled; grid lines under it.
    zindex: isPlain ? 0 : 1,
    ...(axis.isNamed
      ? { ticks: false, labelPadding: 6, labelLimit: 0 }
      : // Negative: inward. Long where there is a label.
        { tickSize: isPlain ? 5 : { condition: { test: isMajor, value: -8 }, value: -4 }, grid: isPlain }),
  };
}

/** A range of positive width around what was asked for. */
function opened(minimum: number, maximum: number): [number, number] {
  if (maximum > minimum) return [minimum, maximum];
  const half = minimum === 0 ? 1 : Math.abs(minimum) / 2;
  return [minimum - half, minimum + half];
}

/** A number with so many decimals, a true minus sign, and thin spaces between thousands. */
export function decimalLabel(value: number, decimals: number): string {
  const [whole = "", fraction] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(value.toFixed(decimals)) !== 0 ? `\u2212${text}` : text;
}

/** A number as digit times a power of ten: 2×10⁻⁵, 10³, 1, 10. */
function powerLabel(value: number, decimals: number): string {
  if (value === 0) return "0";
  const [mantissa = "", exponent = "0"] = Math.abs(value).toExponential(decimals).split("e");
  const power = Number(exponent);
  const digits = mantissa.replace(/\.0+$/, "");
  const sign = value < 0 ? "\u2212" : "";
  if (digits === "1" && power === 0) return `${sign}1`;
  if (digits === "1" && power === 1) return `${sign}10`;
  const ten = `10${[...String(power)].map((c) => superscripts[c] ?? "").join("")}`;
  return digits === "1" ? `${sign}${ten}` : `${sign}${digits}×${ten}`;
}

const superscripts: Readonly<Record<string, string>> = {
  "-": "⁻",
  "0": "⁰",
  "1": "¹",
  "2": "²",
  "3": "³",
  "4": "⁴",
  "5": "⁵",
  "6": "⁶",
  "7": "⁷",
  "8": "⁸",
  "9": "⁹",
};
