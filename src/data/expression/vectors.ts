/** Vectors in expressions: the prefix `lep` stands for the columns lep_pt, lep_eta, lep_phi and what else there is of it. */
import { apply, constant, type Scalar } from "./scalar.ts";

/** The components of a vector as formulas, each made when it is asked for; undefined where the columns do not give it. */
export interface VectorFormulas {
  readonly pt: Scalar | undefined;
  readonly eta: Scalar | undefined;
  readonly phi: Scalar | undefined;
  readonly px: Scalar | undefined;
  readonly py: Scalar | undefined;
  readonly pz: Scalar | undefined;
  readonly p: Scalar | undefined;
  readonly energy: Scalar | undefined;
  readonly mass: Scalar | undefined;
}

/** A component that can be asked for. */
export type VectorComponent = keyof VectorFormulas;

const suffixes = {
  pt: ["pt"],
  eta: ["eta"],
  phi: ["phi"],
  px: ["px"],
  py: ["py"],
  pz: ["pz"],
  energy: ["e", "energy"],
  mass: ["m", "mass"],
} as const;

/** The columns of a vector by component. */
export type VectorColumnNames = Readonly<Partial<Record<keyof typeof suffixes, string>>>;

/**
 * The columns of the vector of that name: `lep_pt`, `lep_eta` … in any case, `Muon_pt[0]` … for `Muon[0]`; where there is
 * no `met_pt`, the column `met` itself stands for it. Undefined where there is neither pT with φ nor px with py.
 */
export function vectorColumns(name: string, columns: readonly string[]): VectorColumnNames | undefined {
  const [, prefix, element] = /^(.*?)(\[\d+\])?$/.exec(name)!;
  const found: Partial<Record<keyof typeof suffixes, string>> = {};
  const beginning = `${prefix}_`;
  for (const column of columns) {
    if (!column.startsWith(beginning)) continue;
    if (element !== undefined && !column.endsWith(element)) continue;
    const suffix = column.slice(beginning.length, column.length - (element?.length ?? 0)).toLowerCase();
    for (const [component, spellings] of Object.entries(suffixes)) {
      if ((spellings as readonly string[]).includes(suffix)) {
        found[component as keyof typeof suffixes] ??= column;
      }
    }
  }
  if (found.phi !== undefined && found.pt === undefined && columns.includes(name)) found.pt = name;
  return (found.pt && found.phi) || (found.px && found.py) ? found : undefined;
}

/**
 * The formulas of a vector that is given by columns. With pT, η and φ the energy is √(p² + m²), massless where there is
 * neither mass nor energy; a vector without η and pz is transverse and has no energy.
 */
export function vectorOfColumns(names: VectorColumnNames, column: (name: string) => Scalar): VectorFormulas {
  const own = (component: keyof typeof suffixes): Scalar | undefined => {
    const name = names[component];
    return name === undefined ? undefined : column(name);
  };
  const isPolar = names.pt !== undefined && names.phi !== undefined;
  return lazily({
    pt: (v) => own("pt") ?? both(v.px, v.py, (x, y) => apply("hypot", x, y)),
    phi: (v) => own("phi") ?? both(v.py, v.px, (y, x) => apply("atan2", y, x)),
    eta: (v) =>
      own("eta") ??
      (names.pz === undefined ? undefined : both(v.pz, v.pt, (z, pt) => apply("pseudorapidity", z, pt))),
    px: (v) =>
      isPolar ? both(v.pt, v.phi, (pt, phi) => apply("multiply", pt, apply("cos", phi))) : own("px"),
    py: (v) =>
      isPolar ? both(v.pt, v.phi, (pt, phi) => apply("multiply", pt, apply("sin", phi))) : own("py"),
    pz: (v) =>
      own("pz") ??
      (names.eta === undefined
        ? undefined
        : both(v.pt, v.eta, (pt, eta) => apply("multiply", pt, apply("sinh", eta)))),
    p: (v) => both(v.pt, v.pz, (pt, z) => apply("hypot", pt, z)),
    energy: (v) => {
      const mass = own("mass");
      return own("energy") ?? (mass === undefined || v.p === undefined ? v.p : apply("hypot", v.p, mass));
    },
    mass: (v) => {
      const mass = own("mass");
      if (mass !== undefined) return mass;
      if (names.energy !== undefined) return massFormula(v);
      return v.p === undefined ? undefined : apply("multiply", constant(0), v.p);
    },
  });
}

/** The sum or difference of two vectors; what one of them lacks the result lacks. */
export function combined(
  operation: "add" | "subtract",
  a: VectorFormulas,
  b: VectorFormulas,
): VectorFormulas {
  const linear = (component: "px" | "py" | "pz" | "energy") => (): Scalar | undefined =>
    both(a[component], b[component], (first, second) => apply(operation, first, second));
  return cartesian(linear("px"), linear("py"), linear("pz"), linear("energy"));
}

/** The vector with all components turned round; the energy too, as in 0 − v. */
export function negated(v: VectorFormulas): VectorFormulas {
  const turned = (component: "px" | "py" | "pz" | "energy") => (): Scalar | undefined => {
    const value = v[component];
    return value === undefined ? undefined : apply("negate", value);
  };
  return cartesian(turned("px"), turned("py"), turned("pz"), turned("energy"));
}

type Maker = () => Scalar | undefined;

function cartesian(px: Maker, py: Maker, pz: Maker, energy: Maker): VectorFormulas {
  return lazily({
    px,
    py,
    pz,
    energy,
    pt: (v) => both(v.px, v.py, (x, y) => apply("hypot", x, y)),
    phi: (v) => both(v.py, v.px, (y, x) => apply("atan2", y, x)),
    eta: (v) => both(v.pz, v.pt, (z, pt) => apply("pseudorapidity", z, pt)),
    p: (v) => both(v.pt, v.pz, (pt, z) => apply("hypot", pt, z)),
    mass: massFormula,
  });
}

/** √((E − p)(E + p)); missing where E < p. */
function massFormula({ energy, p }: VectorFormulas): Scalar | undefined {
  return both(energy, p, (e, momentum) =>
    apply("sqrt", apply("multiply", apply("subtract", e, momentum), apply("add", e, momentum))),
  );
}

function both(
  a: Scalar | undefined,
  b: Scalar | undefined,
  make: (a: Scalar, b: Scalar) => Scalar,
): Scalar | undefined {
  return a === undefined || b === undefined ? undefined : make(a, b);
}

/** Each component once, so that formulas share it. */
function lazily(
  makers: Readonly<Record<VectorComponent, (v: VectorFormulas) => Scalar | undefined>>,
): VectorFormulas {
  const made = new Map<string, Scalar | undefined>();
  const vector = {} as VectorFormulas;
  for (const component of Object.keys(makers) as VectorComponent[]) {
    Object.defineProperty(vector, component, {
      enumerable: true,
      get: () => {
        if (!made.has(component)) made.set(component, makers[component](vector));
        return made.get(component);
      },
    });
  }
  return vector;
}
