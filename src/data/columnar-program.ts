/** The program of a thread that reads a columnar file: tasks come, answers go back. */
import { setImmediate } from "node:timers/promises";
import { type MessagePort, parentPort } from "node:worker_threads";
import type { ColumnarAnswer, ColumnarMessage, ColumnarState, ColumnarTask } from "./columnar-thread.ts";
import { chunkAhead } from "./duckdb.ts";
import { portableError } from "./portable-error.ts";
import { portableTable } from "./portable-table.ts";
import { type ColumnarLook, lookAtColumnar, piecesReadAnew } from "./read-columnar.ts";
import type { Table } from "./table.ts";

/** Pieces that lie ready for who asked for them. */
const piecesAhead = 3;

type Answer = (word: ColumnarAnswer, buffers?: readonly ArrayBuffer[]) => void;

let kept: ColumnarLook["kept"];

parentPort!.on("message", async ({ number, task, port }: ColumnarMessage) => {
  const answer: Answer = (word, buffers = []) => port.postMessage(word, buffers);
  let last: ColumnarAnswer = {};
  try {
    await work(task, port, answer);
  } catch (error) {
    last = { error: portableError(error) };
  }
  await outOfCalls();
  answer(last);
  tell({ kind: "done", number });
});

/**
 * DuckDB takes down the process if the thread is ended in the middle of a call. What follows `await` on one is still inside
 * of it.
 */
async function outOfCalls(): Promise<void> {
  await chunkAhead();
  await setImmediate();
}

function tell(state: ColumnarState): void {
  parentPort!.postMessage(state);
}

async function work(task: ColumnarTask, port: MessagePort, answer: Answer): Promise<void> {
  if (task.kind === "pieces") {
    await sendPieces(task.query ? piecesReadAnew(task.query, {}) : kept!(), port, answer);
    return;
  }
  const { kept: rows, ...look } = await lookAtColumnar(task.path, task.options, {
    keep: task.keep,
    threadEnds: true,
  });
  kept = rows;
  answer({ look: { ...look, isKept: rows !== undefined } });
}

/** Sends the pieces, one more for each one that was taken. */
async function sendPieces(pieces: AsyncIterable<Table>, port: MessagePort, answer: Answer): Promise<void> {
  let [sent, taken] = [0, 0];
  let isWanted = true;
  let wake = (): void => {};
  const mustWait = (): boolean => sent === taken + piecesAhead && isWanted;
  port.on("message", () => {
    taken++;
    wake();
  });
  port.on("close", () => {
    isWanted = false;
    wake();
  });
  for await (const piece of pieces) {
    if (mustWait()) await outOfCalls();
    while (mustWait()) {
      tell({ kind: "waits", taken });
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (!isWanted) return;
    sent++;
    const { table, buffers } = portableTable(piece);
    answer({ piece: table }, buffers);
    // In a moment without work garbage is given back.
    await setImmediate();
  }
}
