/** Which columns of numbers the fields of an RNTuple are stored in (RNTuple binary format specification 1.0). */
import type { NtupleDescription, NtupleField } from "#jsroot";
import type { ColumnInfo } from "./root-events.ts";

/** How one column of a table comes from the physical columns of an RNTuple. */
export interface NtupleLayout {
  /** The column with the numbers, or with the characters of a text. */
  readonly values: number;
  /** The column with the ends of the lists (of a vector, or of texts), by which the values are grouped. */
  readonly ends?: number;
  /** How many numbers an entry (or an element of a list) has: more than 1 for arrays. */
  readonly repeat: number;
  /** The value is the length of the list. */
  readonly isCardinality?: boolean;
}

/** A readable column with its layout, or one that cannot be read. */
export interface NtupleColumnInfo extends ColumnInfo {
  readonly layout?: NtupleLayout;
}

const role = { plain: 0, collection: 1, record: 2 } as const;

/** All columns of an RNTuple: members of records as `field.member`, vectors of records likewise. */
export function ntupleColumns(description: NtupleDescription): readonly NtupleColumnInfo[] {
  const { fieldDescriptors: fields } = description;
  const columns: NtupleColumnInfo[] = [];
  for (const [id, field] of fields.entries()) {
    // Collections without a name are there for fields that project them.
    if (field.parentFieldId !== id || /^_/.test(field.fieldName)) continue;
    walk(description, id, field.fieldName, { repeat: 1 }, columns);
  }
  return columns;
}

interface Surroundings {
  readonly ends?: number;
  readonly repeat: number;
}

function walk(
  description: NtupleDescription,
  id: number,
  name: string,
  around: Surroundings,
  columns: NtupleColumnInfo[],
): void {
  const field = description.fieldDescriptors[id]!;
  const type = typeText(field);
  const physical = physicalColumns(description, id);
  const reason = refusal(field, physical, around);
  if (reason !== undefined || physical === undefined) {
    columns.push({ name, type, shape: "unreadable", reason: reason ?? "several representations" });
    return;
  }
  const children = childrenOf(description, id);
  const repeat = around.repeat * Number(field.arraySize ?? 1n);
  if (field.structRole === role.record) {
    for (const child of children) {
      const { fieldName } = description.fieldDescriptors[child]!;
      // Base classes are nameless.
      const member = fieldName.startsWith(":_") ? name : `${name}.${fieldName}`;
      walk(description, child, member, around, columns);
    }
  } else if (field.structRole === role.collection) {
    walk(description, children[0]!, name, { repeat: 1, ends: physical[0]! }, columns);
  } else if (physical.length === 0 && children.length === 1) {
    walk(description, children[0]!, name, { ...around, repeat }, columns);
  } else if (field.typeName === "std::string") {
    const layout = { values: physical[1]!, ends: physical[0]!, repeat: 1 };
    columns.push({ name, type: "text", shape: "text", layout });
  } else {
    columns.push(numberColumn(name, field, physical[0]!, { ...around, repeat }));
  }
}

/** Why a field cannot be a column; none where it can. */
function refusal(
  field: NtupleField,
  physical: readonly number[] | undefined,
  { ends, repeat }: Surroundings,
): string | undefined {
  const isNested = ends !== undefined || repeat > 1;
  const isText = field.typeName === "std::string";
  if (physical === undefined) return "it is stored in several representations";
  if (field.structRole === role.collection && isNested) return "a list of lists";
  if (isText && isNested) return "lists of texts";
  const isKnown =
    field.structRole === role.record ||
    (field.structRole === role.collection && physical.length === 1) ||
    (field.structRole === role.plain && physical.length <= (isText ? 2 : 1));
  return isKnown ? undefined : `fields of type ${field.typeName}`;
}

function numberColumn(
  name: string,
  field: NtupleField,
  values: number,
  around: Surroundings,
): NtupleColumnInfo {
  const { ends, repeat } = around;
  const isCardinality = field.typeName.startsWith("ROOT::RNTupleCardinality");
  const shape = ends !== undefined ? "ragged" : repeat > 1 ? "fixed" : "scalar";
  const suffix = { ragged: "[]", fixed: `[${repeat}]`, scalar: "" }[shape];
  return {
    name,
    type: isCardinality ? "count" : typeText(field) + suffix,
    shape,
    layout: { values, repeat, isCardinality, ...(ends === undefined ? {} : { ends }) },
  };
}

/** `std::int32_t` and arrays of it are shown as `int32`. */
function typeText({ typeName }: NtupleField): string {
  const bare = typeName.replaceAll("std::", "").replace(/_t\b/g, "");
  return /^bitset/.test(bare) ? "bit" : bare;
}

function childrenOf({ fieldDescriptors }: NtupleDescription, parent: number): number[] {
  const children: number[] = [];
  for (const [id, field] of fieldDescriptors.entries()) {
    if (field.parentFieldId === parent && id !== parent) children.push(id);
  }
  return children;
}

/** The physical columns of a field, its own or those it projects; none where the writer changed the representation. */
function physicalColumns(description: NtupleDescription, fieldId: number): number[] | undefined {
  const own: number[] = [];
  for (const [id, column] of description.columnDescriptors.entries()) {
    if (column.fieldId !== fieldId) continue;
    if (column.representationIndex > 0) return undefined;
    own.push(id);
  }
  if (own.length > 0) return own;
  return description.aliasColumns
    .filter((alias) => alias.fieldId === fieldId)
    .map((alias) => alias.physicalColumnId);
}
