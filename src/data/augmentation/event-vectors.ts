/** The vectors among features or targets, with what turning them needs in the units of their columns. */
import { findVectors } from "../../hep/index.ts";
import { columnsNamed, type Units } from "./step.ts";

/** A vector of Cartesian components. */
export interface VectorPlan {
  readonly name: string;
  /** Positions of the components in an event's row; −1 for one that is absent. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Mean over deviation of each component. */
  readonly shiftX: number;
  readonly shiftY: number;
  readonly shiftZ: number;
  /** σ_y/σ_x with the mean of y in units of σ_x, and the other way round: what rotation mixes in. */
  readonly yOverX: number;
  readonly yShiftOverX: number;
  readonly xOverY: number;
  readonly xShiftOverY: number;
}

/** A column that is an azimuthal angle, or a pseudorapidity. */
export interface AnglePlan {
  readonly name: string;
  readonly column: number;
  readonly mean: number;
  readonly deviation: number;
}

/** All that turns with an event. */
export interface EventVectors {
  readonly vectors: readonly VectorPlan[];
  readonly azimuths: readonly AnglePlan[];
  readonly pseudorapidities: readonly AnglePlan[];
}

/**
 * Finds vectors: features `…_px`, `…_py`, `…_pz`; and `…_phi`, `…_eta` of a vector that has a pT or px and py too. Each is
 * found as often as its columns are there, in flat features and in a matrix.
 */
export function eventVectors(units: Units): EventVectors {
  const names = units.names.slice(0, units.continuousCount);
  const cartesian = new Set<string>();
  for (const name of names) {
    const match = /^(.+)_p[xyz]$/.exec(name);
    if (match) cartesian.add(match[1]!);
  }
  const vectors = [...cartesian].flatMap((name) => {
    const [x, y, z] = ["px", "py", "pz"].map((part) => columnsNamed(units, `${name}_${part}`)) as [
      number[],
      number[],
      number[],
    ];
    const copies = Math.max(x.length, y.length, z.length);
    return Array.from({ length: copies }, (_, copy) =>
      vectorPlan(name, x[copy] ?? -1, y[copy] ?? -1, z[copy] ?? -1, units),
    );
  });
  const polar = findVectors(names);
  const angles = (part: "phi" | "eta"): AnglePlan[] =>
    polar.flatMap(({ columns }) => {
      const name = columns[part];
      if (name === undefined) return [];
      return columnsNamed(units, name).map((column) => ({
        name,
        column,
        mean: units.means[column]!,
        deviation: units.deviations[column]!,
      }));
    });
  return { vectors, azimuths: angles("phi"), pseudorapidities: angles("eta") };
}

/** Folds "unscale, rotate or reflect, scale again" into one affine map of the standardised components. */
function vectorPlan(name: string, x: number, y: number, z: number, { means, deviations }: Units): VectorPlan {
  const over = (a: number, b: number): number => (a < 0 || b < 0 ? 0 : a / b);
  const meanX = x < 0 ? 0 : means[x]!;
  const meanY = y < 0 ? 0 : means[y]!;
  const deviationX = x < 0 ? -1 : deviations[x]!;
  const deviationY = y < 0 ? -1 : deviations[y]!;
  return {
    name,
    x,
    y,
    z,
    shiftX: x < 0 ? 0 : meanX / deviationX,
    shiftY: y < 0 ? 0 : meanY / deviationY,
    shiftZ: z < 0 ? 0 : means[z]! / deviations[z]!,
    yOverX: over(deviationY, deviationX),
    yShiftOverX: x < 0 ? 0 : meanY / deviationX,
    xOverY: over(deviationX, deviationY),
    xShiftOverY: y < 0 ? 0 : meanX / deviationY,
  };
}
