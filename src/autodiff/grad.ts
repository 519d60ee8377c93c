/** Reverse-mode differentiation: the gradient of a graph is more graph. */
import { ShapeError } from "../errors/index.ts";
import { add, inPlace, isMadeBy, knownSize, shapeText, type Tensor } from "../tensor/index.ts";
import { type CotangentRule, cotangentRules, filled, narrow, type Piece } from "./gradient-rules.ts";

/** Options of `grad`. */
export interface GradientOptions {
  /** What the gradient is where no differentiable way leads from the tensor to the scalar. Default "error". */
  readonly unreached?: "error" | "zero";
}

/**
 * Gradients of a scalar with respect to tensors of its graph, one for each and of its shape.
 * Being tensors, they can be differentiated again.
 *
 * @throws ShapeError if the tensor is no scalar, or does not depend on one of the others (a slip, nearly always).
 *
 * @example
 * const x = input("x", [3]);
 * const [dx] = grad(sum(mul(x, x)), [x]); // 2x
 */
export function grad(scalar: Tensor, tensors: readonly Tensor[], options: GradientOptions = {}): Tensor[] {
  if (scalar.rank !== 0) {
    throw new ShapeError(
      `grad: the gradient of a scalar was asked for, but the tensor has shape ${shapeText(scalar.shape)}. ` +
        "Reduce it with sum or mean.",
    );
  }
  return vectorJacobianProduct(scalar, filled(1, []), tensors, options);
}

/** A function of tensors that gives a scalar, together with its gradient. */
export function valueAndGrad(
  scalar: (...inputs: readonly Tensor[]) => Tensor,
): (...inputs: readonly Tensor[]) => { readonly value: Tensor; readonly gradients: readonly Tensor[] } {
  return (...inputs) => {
    const value = scalar(...inputs);
    return { value, gradients: grad(value, inputs) };
  };
}

/** Cotangents of `tensors` for a given cotangent of `output`: Σ cotangent · d output / d tensor. */
export function vectorJacobianProduct(
  output: Tensor,
  cotangent: Tensor,
  tensors: readonly Tensor[],
  { unreached = "error" }: GradientOptions = {},
): Tensor[] {
  const needed = dependants(output, new Set(tensors));
  const asked = askedPieces(needed, new Set(tensors));
  /** A cotangent of the piece that is asked for. */
  const cut = (given: Tensor, join: Tensor): Tensor => {
    const piece = asked(join);
    return piece === undefined || given.shape[piece.axis] === piece.end - piece.start
      ? given
      : narrow(given, piece);
  };
  const cotangents = new Map<Tensor, Tensor>([[output, cut(cotangent, output)]]);
  // Every input was made before what is made from it: walking ids downwards meets a node after all its users.
  for (const node of [...needed].sort((a, b) => b.id - a.id)) {
    const own = cotangents.get(node);
    if (own === undefined) continue;
    const wanted = node.inputs.map((input) => needed.has(input));
    if (!wanted.includes(true)) continue;
    const rule = cotangentRules[node.op] as CotangentRule<typeof node.op>;
    inPlace(node.place === "" ? "" : `${node.place}'`, () => {
      rule(node, own, wanted, asked).forEach((given, i) => {
        const input = node.inputs[i]!;
        if (given === undefined || !wanted[i]) return;
        const part = cut(given, input);
        const before = cotangents.get(input);
        cotangents.set(input, before === undefined ? part : add(before, part));
      });
    });
  }
  return tensors.map((tensor, i) => {
    const found = cotangents.get(tensor);
    if (found === undefined && unreached === "error") {
      throw new ShapeError(
        `grad: tensor ${i} (${nameOf(tensor)}, ${shapeText(tensor.shape)}) does not reach the output by a ` +
          'differentiable way. Leave it out, or ask for { unreached: "zero" }.',
      );
    }
    return found ?? filled(0, tensor.shape);
  });
}

/** What a tensor is called in messages. */
function nameOf(tensor: Tensor): string {
  if (isMadeBy(tensor, "input")) return `"${tensor.attributes.name}"`;
  return tensor.place === "" ? `a ${tensor.op}` : `"${tensor.place}"`;
}

/** All nodes under `output` through which a change of one of `sources` reaches it. */
function dependants(output: Tensor, sources: ReadonlySet<Tensor>): Set<Tensor> {
  const found = new Map<Tensor, boolean>();
  const stack = [output];
  while (stack.length > 0) {
    const node = stack[stack.length - 1]!;
    if (found.has(node)) {
      stack.pop();
      continue;
    }
    const open = node.inputs.filter((input) => !found.has(input));
    if (open.length > 0) {
      stack.push(...open);
      continue;
    }
    found.set(node, sources.has(node) || node.inputs.some((input) => found.get(input)));
    stack.pop();
  }
  return new Set([...found].filter(([, depends]) => depends).map(([node]) => node));
}

/**
 * For a join, the piece along its axis that its needed inputs lie in, if that is not all of it. What lies outside
 * (measured features before learnt ones) gets no cotangent, also not through joins of the join.
 */
function askedPieces(
  needed: ReadonlySet<Tensor>,
  sources: ReadonlySet<Tensor>,
): (join: Tensor) => Piece | undefined {
  const found = new Map<Tensor, Piece | undefined>();
  return function asked(join) {
    if (!isMadeBy(join, "concat") || sources.has(join)) return undefined;
    if (found.has(join)) return found.get(join);
    const { axis } = join.attributes;
    const ends: [start: number, end: number][] = [];
    let begin = 0;
    for (const input of join.inputs) {
      const size = knownSize("concat", input.shape, axis);
      if (needed.has(input)) {
        const piece = asked(input);
        const { start, end } = piece?.axis === axis ? piece : { start: 0, end: size };
        ends.push([begin + start, begin + end]);
      }
      begin += size;
    }
    const [start, end] = [ends[0]?.[0] ?? 0, ends.at(-1)?.[1] ?? begin];
    const piece = start === 0 && end === begin ? undefined : { axis, start, end };
    found.set(join, piece);
    return piece;
  };
}
