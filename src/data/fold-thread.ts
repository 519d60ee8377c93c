/** The program of the thread that reads folds ahead: a number comes, the fold goes back. */
import { parentPort, workerData } from "node:worker_threads";
import type { StoredFold } from "./stored-fold.ts";
import { StoredFolds } from "./stored-folds.ts";

/** Which folds a thread reads. */
export interface FoldThreadData {
  readonly path: string;
  /** With the matrix inputs. */
  readonly matrix: boolean;
}

const { path, matrix } = workerData as FoldThreadData;
const folds = await StoredFolds.open(path, { matrix, cacheBytes: 0 });

parentPort!.on("message", (index: number) => {
  const fold = readable(index);
  if (!fold) return parentPort!.postMessage(undefined);
  const { features, gaps, targets, weights } = fold;
  const buffers = [features, gaps, targets, weights].flatMap((values) => (values ? [values.buffer] : []));
  // They are handed over, not copied.
  parentPort!.postMessage(fold, buffers as ArrayBuffer[]);
});

/** Undefined for a fold that cannot be read: who needs it reads it again and says what is wrong with it. */
function readable(index: number): StoredFold | undefined {
  try {
    return folds.fold(index);
  } catch {
    return undefined;
  }
}
