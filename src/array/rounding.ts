/** Numbers with their uncertainty as they are quoted. */

/**
 * A value and its uncertainty, both rounded to the first significant figure of the uncertainty (half to even).
 * LUMIN's `uncert_round` keeps a further figure where the uncertainty is a power of ten. Where the uncertainty is 0 or not finite, the value stays as it is.
 *
 * @example
 * roundToUncertainty(1.23456, 0.0123) // { value: 1.23, uncertainty: 0.01 }
 */
export function roundToUncertainty(
  value: number,
  uncertainty: number,
): { readonly value: number; readonly uncertainty: number } {
  if (!(uncertainty > 0) || !Number.isFinite(uncertainty) || !Number.isFinite(value)) {
    return { value, uncertainty };
  }
  const digits = -Math.floor(Math.log10(uncertainty));
  return { value: roundTo(value, digits), uncertainty: roundTo(uncertainty, digits) };
}

/** Half to even in decimal, up to the rounding of the binary number itself. */
function roundTo(value: number, digits: number): number {
  const scale = 10 ** Math.abs(digits);
  const scaled = digits >= 0 ? value * scale : value / scale;
  const whole = Math.round(scaled);
  const isTie = Math.abs(scaled - Math.trunc(scaled)) === 0.5;
  const rounded = isTie ? 2 * Math.round(scaled / 2) : whole;
  return digits >= 0 ? rounded / scale : rounded * scale;
}
