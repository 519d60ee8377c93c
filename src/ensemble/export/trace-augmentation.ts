/** The fixed views of an event as nodes: `augmentFixed` for all of them at once, in double precision. */
import {
  type AugmentationPlan,
  azimuthTransform,
  fixedTransform,
  type SymmetryStep,
  viewTransform,
} from "../../data/index.ts";
import { ConfigurationError } from "../../errors/index.ts";
import type { NodeBuilder } from "./node-builder.ts";

/**
 * Standardised features `[events, features]` (doubles, NaN where missing) become those of all views,
 * `[views · events, features]`: first the events as they are, then each further view of all of them.
 *
 * @throws ConfigurationError for views that are drawn at random.
 */
export function traceVariants(builder: NodeBuilder, features: string, plan: AugmentationPlan): string {
  let views = features;
  for (const [k, step] of plan.steps.entries()) {
    if (step.views === 1) continue;
    if (step.kind !== "symmetries") {
      throw new ConfigurationError(
        `export: views by ${step.kind} are drawn from each event's values, which an ONNX file cannot do. Export without augmentation (--no-augment), or give it no views.`,
      );
    }
    views = traceSymmetries(builder, views, step, plan.featureCount, k === 0 ? "" : `/${k}`);
  }
  return views;
}

/**
 * Predictions of all views `[views, events, outputs]` turned back to the events as they are, where targets are vectors.
 */
export function traceRestored(builder: NodeBuilder, predictions: string, plan: AugmentationPlan): string {
  if (!plan.turnsTargets) return predictions;
  const { count, targetCount, steps } = plan;
  // A prediction is a row: times E it is Eᵀ times the column, and Eᵀ undoes E.
  const matrices = new Float32Array(count * targetCount * targetCount);
  const targets = steps.find((step): step is SymmetryStep => step.kind === "symmetries")?.targets;
  for (let view = 0; view < count; view++) {
    const set = (row: number, column: number, value: number): void => {
      if (row >= 0 && column >= 0) matrices[(view * targetCount + row) * targetCount + column] = value;
    };
    for (let t = 0; t < targetCount; t++) set(t, t, 1);
    const { xx, xy, yx, yy, zz } = viewTransform(plan, view);
    for (const { x, y, z } of targets?.vectors ?? []) {
      set(x, x, xx);
      set(x, y, xy);
      set(y, x, yx);
      set(y, y, yy);
      set(z, z, zz);
    }
    for (const { column } of targets?.pseudorapidities ?? []) set(column, column, zz);
  }
  const back = builder.floats("augmentation/back", matrices, [count, targetCount, targetCount]);
  return builder.node("MatMul", [predictions, back]);
}

function traceSymmetries(
  builder: NodeBuilder,
  features: string,
  step: SymmetryStep,
  featureCount: number,
  suffix: string,
): string {
  const { views: count } = step;
  const { vectors, azimuths, pseudorapidities } = step.inputs;
  const node = builder.node.bind(builder);
  const { names } = builder;
  const transforms = Array.from({ length: count - 1 }, (_, i) => fixedTransform(step, i + 1));
  const perView = (name: string, values: readonly number[]): string =>
    builder.doubles(`augmentation${suffix}/${name}`, values, [count - 1, 1, 1]);
  const perColumn = (name: string, values: readonly number[]): string =>
    builder.doubles(`augmentation${suffix}/${name}`, values, [1, values.length]);
  const changed: { readonly columns: readonly number[]; readonly values: string }[] = [];

  if (vectors.length > 0) {
    const factor = (name: "xx" | "xy" | "yx" | "yy" | "zz"): string =>
      perView(
        name,
        transforms.map((transform) => transform[name]),
      );
    const row = (name: string, of: (vector: (typeof vectors)[number]) => number): string =>
      perColumn(name, vectors.map(of));
    /** One component of all vectors; 0 where a vector has none. */
    const component = (axis: "x" | "y" | "z"): string => {
      const indices = names.integers(vectors.map((vector) => Math.max(0, vector[axis])));
      const found = node("Gather", [features, indices], { axis: { i: 1 } });
      if (vectors.every((vector) => vector[axis] >= 0)) return found;
      const has = node("Greater", [
        row(`has_${axis}`, (vector) => (vector[axis] < 0 ? 0 : 1)),
        builder.double(0),
      ]);
      return node("Where", [has, found, builder.double(0)]);
    };
    const [x, y, z] = [component("x"), component("y"), component("z")];
    const shiftX = row("shiftX", (vector) => vector.shiftX);
    const shiftY = row("shiftY", (vector) => vector.shiftY);
    const shiftZ = row("shiftZ", (vector) => vector.shiftZ);
    const linear = (values: string, slope: string, shift: string): string =>
      node("Add", [node("Mul", [slope, values]), shift]);
    const ownX = node("Add", [x, shiftX]);
    const ownY = node("Add", [y, shiftY]);
    const yInX = linear(
      y,
      row("yOverX", (vector) => vector.yOverX),
      row("yShiftOverX", (vector) => vector.yShiftOverX),
    );
    const xInY = linear(
      x,
      row("xOverY", (vector) => vector.xOverY),
      row("xShiftOverY", (vector) => vector.xShiftOverY),
    );
    const turned = (own: string, a: string, other: string, b: string, shift: string): string =>
      node("Sub", [node("Add", [node("Mul", [a, own]), node("Mul", [b, other])]), shift]);
    changed.push(
      {
        columns: vectors.map((vector) => vector.x),
        values: turned(ownX, factor("xx"), yInX, factor("xy"), shiftX),
      },
      {
        columns: vectors.map((vector) => vector.y),
        values: turned(ownY, factor("yy"), xInY, factor("yx"), shiftY),
      },
      {
        columns: vectors.map((vector) => vector.z),
        values: node("Sub", [node("Mul", [factor("zz"), node("Add", [z, shiftZ])]), shiftZ]),
      },
    );
  }
  changed.push(...tracedAngles());

  // [views, events, features + changed], from which each feature takes its column.
  const copies = node("Expand", [features, names.integers([count - 1, 1, 1])]);
  const wide = node("Concat", [copies, ...changed.map(({ values }) => values)], { axis: { i: 2 } });
  const source = Array.from({ length: featureCount }, (_, feature) => feature);
  let place = featureCount;
  for (const { columns } of changed) {
    for (const column of columns) {
      if (column >= 0) source[column] = place;
      place += 1;
    }
  }
  const others = node("Gather", [wide, names.integers(source)], { axis: { i: 2 } });
  const itself = node("Unsqueeze", [features, names.integers([0])]);
  const all = node("Concat", [itself, others], { axis: { i: 0 } });
  return node("Reshape", [all, names.integers([-1, featureCount])]);

  /** Azimuths and pseudorapidities, [views, events, columns] each. */
  function tracedAngles(): typeof changed {
    const found: { readonly columns: readonly number[]; readonly values: string }[] = [];
    const physical = (name: string, angles: typeof azimuths): [string, string, string] => {
      const columns = angles.map(({ column }) => column);
      const [mean, deviation] = [
        perColumn(
          `${name}/mean`,
          angles.map((angle) => angle.mean),
        ),
        perColumn(
          `${name}/deviation`,
          angles.map((angle) => angle.deviation),
        ),
      ];
      const stored = node("Gather", [features, names.integers(columns)], { axis: { i: 1 } });
      return [node("Add", [node("Mul", [stored, deviation]), mean]), mean, deviation];
    };
    const scaled = (value: string, mean: string, deviation: string): string =>
      node("Div", [node("Sub", [value, mean]), deviation]);
    if (azimuths.length > 0) {
      const [phi, mean, deviation] = physical("phi", azimuths);
      const elements = transforms.map(azimuthTransform);
      const sign = perView(
        "phi/sign",
        elements.map((element) => element.sign),
      );
      const offset = perView(
        "phi/offset",
        elements.map((element) => element.offset),
      );
      const turned = node("Add", [node("Mul", [sign, phi]), offset]);
      const full = builder.double(2 * Math.PI);
      const turns = node("Ceil", [node("Div", [node("Sub", [turned, builder.double(Math.PI)]), full])]);
      const wrapped = node("Sub", [turned, node("Mul", [full, turns])]);
      found.push({ columns: azimuths.map(({ column }) => column), values: scaled(wrapped, mean, deviation) });
    }
    if (pseudorapidities.length > 0) {
      const [eta, mean, deviation] = physical("eta", pseudorapidities);
      const sign = perView(
        "eta/sign",
        transforms.map(({ zz }) => zz),
      );
      found.push({
        columns: pseudorapidities.map(({ column }) => column),
        values: scaled(node("Mul", [sign, eta]), mean, deviation),
      });
    }
    return found;
  }
}
