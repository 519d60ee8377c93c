/** The columns of an RNTuple: numbers, texts, arrays, vectors, and members of records, also of vectors of records. */
import type { NtupleAnchor, NtupleDescription, RootFile } from "#jsroot";
import { FileFormatError } from "../../errors/index.ts";
import type { ColumnKind } from "../column-kind.ts";
import { ntupleDescription } from "./ntuple-header.ts";
import { type NtupleColumnInfo, type NtupleLayout, ntupleColumns } from "./ntuple-layout.ts";
import { columnKind, fitsInt32, readElements } from "./ntuple-pages.ts";
import type { BranchColumn } from "./ragged.ts";
import type { RootEvents } from "./root-events.ts";
import { type NumberKind, ValueSink } from "./value-sink.ts";

/** The events of an RNTuple; `record` are the bytes of its anchor. */
export async function ntupleEvents(
  path: string,
  file: RootFile,
  anchor: NtupleAnchor,
  record: DataView,
  name: string,
): Promise<RootEvents> {
  const description = await ntupleDescription(file, anchor, record, `"${path}": the RNTuple "${name}"`);
  const eventCount = description.clusterSummaries.reduce(
    (sum, { numEntries }) => sum + Number(numEntries),
    0,
  );
  const columns = ntupleColumns(description);
  const columnOf = (wanted: string): NtupleColumnInfo => columns.find((column) => column.name === wanted)!;
  const sourceOf = (column: string): Source => ({
    file,
    description,
    eventCount,
    where: `"${path}", field "${column}"`,
  });
  return {
    path,
    name,
    kind: "RNTuple",
    eventCount,
    columns,
    kindOf: (column) => kindOf(sourceOf(column), columnOf(column)),
    read: (column) => readColumn(sourceOf(column), columnOf(column)),
    pieces: (column) => piecesOf(sourceOf(column), columnOf(column), true),
  };
}

interface Source {
  readonly file: RootFile;
  readonly description: NtupleDescription;
  readonly eventCount: number;
  readonly where: string;
}

async function readColumn(source: Source, column: NtupleColumnInfo): Promise<BranchColumn> {
  for await (const whole of piecesOf(source, column, false)) return whole;
  throw new Error("internal: a field gave no values");
}

/** The values of a column, each cluster by itself or all as one: at least one piece. */
async function* piecesOf(
  source: Source,
  { layout, shape, reason }: NtupleColumnInfo,
  isPiecewise: boolean,
): AsyncGenerator<BranchColumn> {
  const { description, eventCount, where } = source;
  if (!layout) throw new FileFormatError(`${where} cannot be read: ${reason}.`);
  const kind = sinkKind(description, layout, where);
  let sink = new ValueSink(kind, where);
  let offsets = new Uint32Array(isPiecewise ? 1 : eventCount + 1);
  let event = 0;
  const finish = (): BranchColumn => {
    const values = sink.finish();
    if (shape === "scalar") return values;
    return shape === "text" ? textsOf(offsets, values as ArrayLike<number>) : { offsets, values };
  };
  for (const [cluster, { firstEntry, numEntries }] of description.clusterSummaries.entries()) {
    if (isPiecewise) {
      sink = new ValueSink(kind, where);
      offsets = new Uint32Array(Number(numEntries) + 1);
      event = 0;
    }
    const counts = await entryCounts(source, cluster, layout, Number(firstEntry), Number(numEntries));
    const start = sink.length;
    let total = 0;
    for (const count of counts) {
      total += count;
      if (layout.isCardinality) sink.add(count);
      offsets[++event] = start + total;
    }
    if (!layout.isCardinality) {
      await readValues(source, cluster, layout, Number(firstEntry), total, sink);
      if (sink.length !== start + total) {
        throw new FileFormatError(
          `${where}: expected ${total} values in cluster ${cluster + 1}, found ${sink.length - start}: the file is damaged.`,
        );
      }
    }
    if (isPiecewise) yield finish();
  }
  if (!isPiecewise || eventCount === 0) yield finish();
}

function sinkKind(description: NtupleDescription, layout: NtupleLayout, where: string): NumberKind {
  const kind = columnKind(description.columnDescriptors[layout.values]!, where);
  return layout.isCardinality ? "integer" : kind;
}

function kindOf({ description, where }: Source, { layout, shape }: NtupleColumnInfo): ColumnKind | "integer" {
  if (layout === undefined || shape === "text") return "text";
  const isNarrow = !layout.isCardinality && fitsInt32(description.columnDescriptors[layout.values]!);
  return isNarrow ? "int32" : sinkKind(description, layout, where);
}

/** How many values each entry of a cluster has. */
async function entryCounts(
  source: Source,
  cluster: number,
  layout: NtupleLayout,
  firstEntry: number,
  entryCount: number,
): Promise<Int32Array> {
  const counts = new Int32Array(entryCount);
  const ends = layout.isCardinality ? layout.values : layout.ends;
  if (ends === undefined) return counts.fill(layout.repeat);
  const range = source.description.pageLocations[cluster]?.[ends];
  if (!range) return counts;
  // A field that was added while the file was written has no elements for the entries before.
  let entry = Math.max(0, Number(range.elementOffset) - firstEntry);
  let previous = 0;
  const column = source.description.columnDescriptors[ends]!;
  await readElements(
    source.file,
    column,
    range,
    (end) => {
      counts[entry++] = (Number(end) - previous) * layout.repeat;
      previous = Number(end);
    },
    source.where,
  );
  if (entry !== entryCount || counts.some((count) => count < 0)) {
    throw new FileFormatError(
      `${source.where}: the lengths of its lists contradict each other: the file is damaged.`,
    );
  }
  return counts;
}

async function readValues(
  source: Source,
  cluster: number,
  layout: NtupleLayout,
  firstEntry: number,
  total: number,
  sink: ValueSink,
): Promise<void> {
  const range = source.description.pageLocations[cluster]?.[layout.values];
  const stored = range?.pages.reduce((sum, page) => sum + Number(page.numElements), 0) ?? 0;
  const isLate =
    layout.ends === undefined &&
    (range === undefined || Number(range.elementOffset) > firstEntry * layout.repeat);
  if (isLate) for (let i = stored; i < total; i++) sink.add(0);
  if (!range) return;
  const column = source.description.columnDescriptors[layout.values]!;
  await readElements(source.file, column, range, (value) => sink.add(value), source.where);
}

function textsOf(offsets: Uint32Array, characters: ArrayLike<number>): string[] {
  const bytes = Uint8Array.from(characters);
  const decoder = new TextDecoder();
  return Array.from({ length: offsets.length - 1 }, (_, i) =>
    decoder.decode(bytes.subarray(offsets[i]!, offsets[i + 1]!)),
  );
}
