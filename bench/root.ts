/**
 * How fast are ROOT files read? A million flat values of TTrees, branch by branch, against JSROOT's fast path, which gives
 * arrays of simple branches when asked for one at a time. Time of the processor, medians of turns side by side.
 */
import { join } from "node:path";
import { openFile } from "jsroot/io";
import { TSelector, treeProcess } from "jsroot/tree";
import { openRootFile } from "../src/data/index.ts";
import { root } from "./events.ts";
import { median, printTable } from "./table.ts";

const valueCount = 1_000_000;
const turns = 7;
const files = ["uproot-Zmumu-uncompressed.root", "uproot-Zmumu-zlib.root", "uproot-Zmumu-zstd.root"];

const table: (string | number)[][] = [];
for (const name of files) {
  const path = join(root, "test/data/root", name);
  const tree = await (await openFile(path)).readObject("events");
  const branches = tree.fBranches.arr
    .filter(({ fLeaves }) => /^TLeaf[DFI]$/.test(fLeaves.arr[0]!._typename))
    .map(({ fName }) => fName);
  const events = await (await openRootFile(path)).events("events");
  const theirs = async (branch: string): Promise<[number, number]> => {
    let [count, sum] = [0, 0];
    const selector = new TSelector();
    selector.addBranch(branch);
    selector.ProcessArrays = () => {
      for (const values of Object.values(selector.tgtarr)) {
        count += values.length;
        for (let i = 0; i < values.length; i++) sum += values[i]!;
      }
    };
    await treeProcess(tree, selector);
    return [count, sum];
  };
  const ours = async (branch: string): Promise<[number, number]> => {
    const values = (await events.read(branch)) as ArrayLike<number>;
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i]!;
    return [values.length, sum];
  };
  for (const branch of branches) {
    const [a, b] = [await ours(branch), await theirs(branch)];
    if (a[0] !== b[0] || a[1] !== b[1]) throw new Error(`${name}, ${branch}: ${a} here, ${b} from JSROOT`);
  }
  const times: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let turn = 0; turn <= turns; turn++) {
    const [here, there] = [await millionTime(ours, branches), await millionTime(theirs, branches)];
    // The first turn warms both up.
    if (turn === 0) continue;
    times.ours.push(here);
    times.theirs.push(there);
  }
  const [here, there] = [median(times.ours), median(times.theirs)];
  table.push([name, here, there, here / there]);
}
printTable(["a million values of", "here, ms", "JSROOT, ms", "ratio (at most 3)"], table);
process.exit(table.every(([, , , ratio]) => Number(ratio) <= 3) ? 0 : 1);

/** Milliseconds of the processor for a million values. */
async function millionTime(
  read: (branch: string) => Promise<[number, number]>,
  branches: readonly string[],
): Promise<number> {
  const before = process.cpuUsage();
  let count = 0;
  while (count < valueCount) for (const branch of branches) count += (await read(branch))[0];
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1000) * (valueCount / count);
}
