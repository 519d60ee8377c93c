/** The program of the thread that reads columnar files: tasks come, answers go back. */
import { setImmediate } from "node:timers/promises";
import { type MessagePort, parentPort } from "node:worker_threads";
import type { ColumnarAnswer, ColumnarMessage, ColumnarTask } from "./columnar-thread.ts";
import { loadDuckDB } from "./duckdb.ts";
import { portableError } from "./portable-error.ts";
import { portableTable } from "./portable-table.ts";
import { scanColumnar } from "./read-columnar.ts";
import type { TableScan } from "./table-scan.ts";

/** Pieces that lie ready for who asked for them. */
const piecesAhead = 3;

const scans = new Map<number, TableScan>();

parentPort!.on("message", async ({ number, task, port }: ColumnarMessage) => {
  const answer = (word: ColumnarAnswer, buffers: readonly ArrayBuffer[] = []): void =>
    port.postMessage(word, buffers);
  try {
    if (task.kind === "scan") answer({ scan: await look(task) });
    else await sendPieces(scans.get(task.id)!, port, answer);
    answer({});
  } catch (error) {
    answer({ error: portableError(error) });
  }
  parentPort!.postMessage(number);
});

async function look({
  id,
  path,
  options,
  keep,
}: Extract<ColumnarTask, { kind: "scan" }>): Promise<Omit<TableScan, "pieces">> {
  const scan = await scanColumnar(path, options, { keep, threadEnds: true });
  scans.set(id, scan);
  const { rowCount, kinds } = scan;
  return { rowCount, kinds };
}

/** Sends the pieces, one more for each one that was taken. */
async function sendPieces(
  scan: TableScan,
  port: MessagePort,
  answer: (word: ColumnarAnswer, buffers: readonly ArrayBuffer[]) => void,
): Promise<void> {
  let free = piecesAhead;
  let isWanted = true;
  let wake = (): void => {};
  port.on("message", () => {
    free++;
    wake();
  });
  port.on("close", () => {
    isWanted = false;
    wake();
  });
  for await (const piece of scan.pieces()) {
    while (free === 0 && isWanted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (!isWanted) return;
    free--;
    const { table, buffers } = portableTable(piece);
    answer({ piece: table }, buffers);
    // In a moment without work garbage is given back.
    await setImmediate();
  }
}

// It takes a while to load, which the first task need not wait for.
loadDuckDB().catch(() => {});
