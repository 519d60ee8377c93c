/** Tables on their way from one thread to another: numbers are handed over, texts sent once each. */
import type { NumberColumn, Table } from "./table.ts";

/** Texts by their numbers. */
interface CodedTexts {
  readonly texts: readonly string[];
  readonly codes: Int32Array;
}

/** A table as it is sent. */
export interface PortableTable {
  readonly rowCount: number;
  readonly columns: Readonly<Record<string, NumberColumn | CodedTexts>>;
}

/** The table to be sent, and the memory to be handed over with it: afterwards the table cannot be used here. */
export function portableTable({ rowCount, columns }: Table): {
  readonly table: PortableTable;
  readonly buffers: ArrayBuffer[];
} {
  const buffers = new Set<ArrayBuffer>();
  const sent = Object.entries(columns).map(([name, column]) => {
    const values = ArrayBuffer.isView(column) ? column : codedTexts(column);
    buffers.add((ArrayBuffer.isView(values) ? values : values.codes).buffer as ArrayBuffer);
    return [name, values] as const;
  });
  return { table: { rowCount, columns: Object.fromEntries(sent) }, buffers: [...buffers] };
}

/** The table that was sent. */
export function tableOfPortable({ rowCount, columns }: PortableTable): Table {
  const entries = Object.entries(columns).map(([name, values]) => [
    name,
    ArrayBuffer.isView(values) ? values : textsOf(values),
  ]);
  return { rowCount, columns: Object.fromEntries(entries) };
}

function textsOf({ texts, codes }: CodedTexts): string[] {
  const values = new Array<string>(codes.length);
  for (let i = 0; i < values.length; i++) values[i] = texts[codes[i]!]!;
  return values;
}

function codedTexts(values: readonly string[]): CodedTexts {
  const codeOf = new Map<string, number>();
  const codes = new Int32Array(values.length);
  for (let i = 0; i < codes.length; i++) {
    const value = values[i]!;
    let code = codeOf.get(value);
    if (code === undefined) {
      code = codeOf.size;
      codeOf.set(value, code);
    }
    codes[i] = code;
  }
  return { texts: [...codeOf.keys()], codes };
}
