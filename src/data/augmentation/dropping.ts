/** Objects that go missing at random. */
import { ConfigurationError } from "../../errors/index.ts";
import { expandNames } from "../expand-names.ts";
import type { DrawnStep, Units } from "./step.ts";
import type { DroppingTransform } from "./transforms.ts";

/** @throws ConfigurationError for a probability out of range; UnknownNameError for an object without columns. */
export function droppingStep(
  { objects, probability, views = 1 }: DroppingTransform,
  { names, continuousCount }: Units,
  where: string,
): DrawnStep {
  if (!(probability > 0 && probability <= 1)) {
    throw new ConfigurationError(
      `${where}: probability must be above 0 and at most 1, but ${probability} came.`,
    );
  }
  const columns = new Map<string, number[]>();
  for (let f = 0; f < continuousCount; f++) {
    const object = /^(.+)_[^_]+$/.exec(names[f]!)?.[1];
    if (object !== undefined) columns.set(object, [...(columns.get(object) ?? []), f]);
  }
  const dropped = expandNames(objects, [...columns.keys()], `${where}: object`).map(
    (name) => columns.get(name)!,
  );
  return {
    kind: "dropping",
    views,
    keeps: ["targets"],
    changes: dropped.flat(),
    change({ eventCount, features }, streamOf) {
      for (let i = 0; i < eventCount; i++) {
        const row = i * names.length;
        const stream = streamOf(i);
        for (const object of dropped) {
          if (stream.uniform() >= probability) continue;
          for (const column of object) features[row + column] = Number.NaN;
        }
      }
    },
  };
}
