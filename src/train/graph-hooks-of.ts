/** The graph hooks of the callbacks of one training. */
import type { GraphHooks } from "../model/index.ts";
import type { Callback, GraphContext } from "./callback.ts";

/** In the order of the callbacks; made from the context where they are functions. */
export function graphHooksOf(
  callbacks: readonly Callback[],
  contextOf: (name: string) => GraphContext,
): GraphHooks[] {
  return callbacks.flatMap(({ name, graph }) => {
    if (graph === undefined) return [];
    return [typeof graph === "function" ? graph(contextOf(name)) : graph];
  });
}
