/** A step of the user's own before preprocessing: events as a detector with another tau energy scale would see them. */

/**
 * Multiplies the tau's transverse momentum by a scale and gives it as a column, `tes`. Each event has its own, made of
 * its number and evenly spread between `low` and `high`: the same event always gets the same. The visible mass goes
 * with the root of the scale.
 *
 * @param {import("lumin-hep").Table} table
 * @param {{ low: number, high: number }} options
 */
export function shiftTau({ rowCount, columns }, { low, high }) {
  const { EventId, PRI_tau_pt, DER_mass_vis } = columns;
  // Multiples of the golden ratio, modulo 1, are even however the events are chosen.
  const tes = Float64Array.from(
    EventId,
    (id) => low + (high - low) * ((Number(id) * 0.6180339887498949) % 1),
  );
  return {
    rowCount,
    columns: {
      ...columns,
      tes,
      PRI_tau_pt: tes.map((scale, i) => scale * PRI_tau_pt[i]),
      DER_mass_vis: tes.map((scale, i) => Math.sqrt(scale) * DER_mass_vis[i]),
    },
  };
}
