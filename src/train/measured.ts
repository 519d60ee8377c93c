/** What the callbacks measure at the end of an epoch. */
import { ConfigurationError } from "../errors/index.ts";
import type { Callback, TrainingView } from "./callback.ts";

/**
 * The numbers of all callbacks that measure; undefined where there are none.
 *
 * @throws ConfigurationError when two callbacks give one name.
 */
export async function measured(
  callbacks: readonly Callback[],
  view: TrainingView,
): Promise<Readonly<Record<string, number>> | undefined> {
  let metrics: Record<string, number> | undefined;
  for (const { name, measure } of callbacks) {
    for (const [metric, value] of Object.entries((await measure?.(view)) ?? {})) {
      if (metrics && Object.hasOwn(metrics, metric)) {
        throw new ConfigurationError(
          `${name}: another callback measures "${metric}" too; rename one of them.`,
        );
      }
      metrics = { ...metrics, [metric]: value };
    }
  }
  return metrics;
}
