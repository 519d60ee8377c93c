/** What a ceiling on memory allows. */
import { expect, test } from "vitest";
import { canReadAhead, checkFoldFits, memoryPlan } from "./memory-plan.ts";

const megabyte = 1e6;

test("folds are read ahead only where the thread and its folds fit beside the others", () => {
  for (const [ceiling, workers] of [
    [460, 1],
    [512, 2],
    [1000, 2],
    [2000, 4],
    [16_000, 8],
  ] as const) {
    const plan = memoryPlan(ceiling * megabyte, workers)!;
    const allowed = (bytes: number) => canReadAhead(plan, bytes / 400, 100);
    // A worker's folds: those that are kept, and four copies of the one that trains.
    const share = 5 * plan.fold;
    for (const part of [0.01, 0.2, 0.4, 0.6, 0.7, 1]) {
      const bytes = part * plan.fold;
      expect(() => checkFoldFits(plan, bytes / 400, 100, 10)).not.toThrow();
      expect(allowed(bytes), `${ceiling} MB, ${part}`).toBe(
        plan.fold + 4 * bytes + 2 * bytes + 100 * megabyte <= share,
      );
    }
  }
  const small = memoryPlan(512 * megabyte, 2)!;
  expect(canReadAhead(small, 1, 1)).toBe(false);
  const large = memoryPlan(2000 * megabyte, 2)!;
  expect(canReadAhead(large, 20_000, 100)).toBe(true);
  expect(canReadAhead(large, Math.floor(large.fold / 400), 100)).toBe(false);
});
