/** Systematic variations: one nuisance parameter at a time shifts its columns up or down. */
import { ConfigurationError } from "../../errors/index.ts";
import { columnsOf } from "./smearing.ts";
import type { DrawnStep, EventBlock, Units } from "./step.ts";
import type { ShiftedColumn, VariationTransform } from "./transforms.ts";

/** The columns of one nuisance parameter. */
type Nuisance = readonly (ShiftedColumn & { readonly column: number })[];

/**
 * In prediction view 2k+1 is the k-th nuisance parameter up, view 2k+2 the same down.
 *
 * @throws ConfigurationError for settings out of range; UnknownNameError for a column.
 */
export function variationStep(
  { nuisances, amount = "step", probability = 1, views = 1 }: VariationTransform,
  units: Units,
  where: string,
): DrawnStep {
  const all = Object.entries(nuisances).map(([name, columns]): Nuisance => {
    const shifts = Object.entries(columns).flatMap(([pattern, shift]) =>
      columnsOf([pattern], units, `${where}.nuisances.${name}`).map((column) => ({ column, ...shift })),
    );
    if (shifts.length === 0) throw new ConfigurationError(`${where}: the nuisance "${name}" has no columns.`);
    return shifts;
  });
  if (all.length === 0) throw new ConfigurationError(`${where}: give at least one nuisance.`);
  if (!(probability >= 0 && probability <= 1)) {
    throw new ConfigurationError(`${where}: probability must be from 0 to 1, but ${probability} came.`);
  }
  if (views > 1 + 2 * all.length) {
    throw new ConfigurationError(
      `${where}: ${all.length === 1 ? "one nuisance has" : `${all.length} nuisances have`} at most ${1 + 2 * all.length} views, as it is and each up and down, but ${views} were asked for.`,
    );
  }
  if (views > 1 && all.flat().some(({ up, down }) => typeof up === "string" || typeof down === "string")) {
    throw new ConfigurationError(
      `${where}: prediction has no columns but the features, so only variations by factors can be views. Leave views out.`,
    );
  }
  return {
    kind: "variation",
    views,
    keeps: ["targets"],
    changes: [...new Set(all.flat().map(({ column }) => column))],
    change(block, streamOf, view) {
      const stored = shiftedColumns(block, all);
      for (let i = 0; i < block.eventCount; i++) {
        if (view !== undefined) {
          shift(block, i, all[(view - 1) >> 1]!, view % 2 === 1 ? 1 : -1, stored, units);
          continue;
        }
        const stream = streamOf(i);
        if (probability < 1 && stream.uniform() >= probability) continue;
        const nuisance = all[stream.integer(all.length)]!;
        const pull = amount === "gaussian" ? stream.normal() : stream.integer(2) === 1 ? 1 : -1;
        shift(block, i, nuisance, pull, stored, units);
      }
    },
  };
}

/** The further columns that hold shifted values. */
function shiftedColumns(block: EventBlock, all: readonly Nuisance[]): ReadonlyMap<string, ArrayLike<number>> {
  const names = all.flat().flatMap(({ up, down }) => [up, down]);
  return new Map(
    [...new Set(names)].flatMap((name) =>
      typeof name === "string" ? [[name, block.column(name)] as const] : [],
    ),
  );
}

/** x + |pull|·(x_up − x), or of x_down where the pull is negative. */
function shift(
  { features }: EventBlock,
  event: number,
  nuisance: Nuisance,
  pull: number,
  stored: ReadonlyMap<string, ArrayLike<number>>,
  { names, means, deviations }: Units,
): void {
  const row = event * names.length;
  for (const { column, up, down } of nuisance) {
    const to = pull > 0 ? up : down;
    const value = features[row + column]! * deviations[column]! + means[column]!;
    const end = typeof to === "number" ? value * to : stored.get(to)![event]!;
    features[row + column]! += (Math.abs(pull) * (end - value)) / deviations[column]!;
  }
}
