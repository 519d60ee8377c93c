/** Where the time of a model goes: ONNX Runtime's profile of its nodes, summed and as a table. */
import { FileFormatError } from "../errors/index.ts";

/** One node of a model: its place in the network and operator are in its name ("body.layer0/Gemm"). */
export interface NodeTime {
  readonly name: string;
  readonly operator: string;
  /** Shapes of inputs and outputs, as of the first call: "[33, 198] × [198, 256] → [33, 256]". */
  readonly shapes: string;
  readonly calls: number;
  readonly milliseconds: number;
  /** Part of the time of all nodes. */
  readonly share: number;
}

/** All nodes with one operator. */
export type OperatorTime = Pick<NodeTime, "operator" | "calls" | "milliseconds" | "share"> & {
  readonly nodes: number;
};

/** Times of the nodes that compute, slowest first. Each node is timed at a cost of some microseconds. */
export interface Profile {
  readonly nodes: readonly NodeTime[];
  readonly operators: readonly OperatorTime[];
  readonly milliseconds: number;
}

/** One event of ONNX Runtime's profile (Chrome's trace format). */
interface TraceEvent {
  readonly cat?: string;
  readonly name: string;
  /** Microseconds, cut to whole ones. */
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly ShapeRecord[];
    readonly output_type_shape?: readonly ShapeRecord[];
  };
}

/** A shape under the name of its element type: `{ float: [33, 256] }`. */
type ShapeRecord = Readonly<Record<string, readonly number[]>>;

const nodeSuffix = "_kernel_time";
/** Nodes whose time is that of the nodes in their graphs. */
const containers: ReadonlySet<string> = new Set(["Scan", "Loop", "If"]);

/**
 * Sums the text of a profile by node and by operator.
 * @throws FileFormatError if it is no profile of ONNX Runtime.
 */
export function parseProfile(text: string): Profile {
  const sums = new Map<string, { operator: string; shapes: string; calls: number; microseconds: number }>();
  for (const { cat, name, dur, args } of traceEvents(text)) {
    const operator = args?.op_name;
    if (cat !== "Node" || operator === undefined || !name.endsWith(nodeSuffix) || containers.has(operator)) {
      continue;
    }
    const node = name.slice(0, -nodeSuffix.length);
    const sum = sums.get(node);
    if (sum === undefined) {
      const shapes = `${shapesText(args?.input_type_shape, " × ")} → ${shapesText(args?.output_type_shape, ", ")}`;
      sums.set(node, { operator, shapes, calls: 1, microseconds: dur });
    } else {
      sum.calls++;
      sum.microseconds += dur;
    }
  }
  const total = [...sums.values()].reduce((all, { microseconds }) => all + microseconds, 0);
  const nodes = [...sums].map(([name, { operator, shapes, calls, microseconds }]): NodeTime => {
    return { name, operator, shapes, calls, milliseconds: microseconds / 1000, share: microseconds / total };
  });
  return { nodes: nodes.sort(slowestFirst), operators: byOperator(nodes), milliseconds: total / 1000 };
}

function traceEvents(text: string): readonly TraceEvent[] {
  let events: unknown;
  try {
    events = JSON.parse(text);
  } catch {
    events = undefined;
  }
  if (!Array.isArray(events)) {
    throw new FileFormatError("parseProfile: expected a profile of ONNX Runtime, a JSON list of events.");
  }
  return events as readonly TraceEvent[];
}

function shapesText(records: readonly ShapeRecord[] = [], between: string): string {
  return records.map((record) => `[${(Object.values(record)[0] ?? []).join(", ")}]`).join(between);
}

function byOperator(nodes: readonly NodeTime[]): OperatorTime[] {
  const operators = new Map<string, OperatorTime>();
  for (const { operator, calls, milliseconds, share } of nodes) {
    const sum = operators.get(operator) ?? { operator, nodes: 0, calls: 0, milliseconds: 0, share: 0 };
    operators.set(operator, {
      operator,
      nodes: sum.nodes + 1,
      calls: sum.calls + calls,
      milliseconds: sum.milliseconds + milliseconds,
      share: sum.share + share,
    });
  }
  return [...operators.values()].sort(slowestFirst);
}

function slowestFirst(a: { readonly milliseconds: number }, b: { readonly milliseconds: number }): number {
  return b.milliseconds - a.milliseconds;
}

/** Options of `profileText`. */
export interface ProfileTextOptions {
  /** Steps that were profiled: times and calls are given for one. Default 1. */
  readonly steps?: number;
  /** Nodes to list, the slowest first. Default 20. */
  readonly nodeCount?: number;
}

/** Two tables: operators, and the slowest nodes with their shapes. */
export function profileText(
  profile: Profile,
  { steps = 1, nodeCount = 20 }: ProfileTextOptions = {},
): string {
  const cells = ({ calls, milliseconds, share }: Pick<NodeTime, "calls" | "milliseconds" | "share">) => [
    number(calls / steps),
    ((milliseconds * 1000) / steps).toFixed(1),
    `${(share * 100).toFixed(1)} %`,
  ];
  const listed = profile.nodes.slice(0, nodeCount);
  const rest = profile.nodes.length - listed.length;
  return [
    table(
      ["operator", "nodes", "calls", "µs", "share"],
      [...profile.operators.map((o) => [o.operator, number(o.nodes), ...cells(o)])],
    ),
    "",
    table(
      ["node", "calls", "µs", "share", "shapes"],
      [...listed.map((node) => [node.name, ...cells(node), node.shapes])],
    ),
    ...(rest > 0 ? [`… and ${rest} more nodes`] : []),
    "",
  ].join("\n");
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

/** Columns aligned: text to the left, numbers to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const isText = (i: number) => header[i] === "operator" || header[i] === "node" || header[i] === "shapes";
  return all
    .map((row) =>
      row
        .map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
