/** `ensemble.json` and the members' folders beside it. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeText } from "../data/atomic-file.ts";
import { FileFormatError, unknownName } from "../errors/index.ts";
import { ForeignModel } from "./foreign-model.ts";
import type { EnsembleMember, MemberDescription, Predictor } from "./member.ts";
import { sharedLoader } from "./stored-trainings.ts";
import { TreeModel } from "./tree-model.ts";

const formatName = "lumin ensemble";
const formatVersion = 1;

/** How members of each kind are read back from their folder. */
const readers = (): Readonly<Record<string, (directory: string) => Promise<Predictor>>> => ({
  // Networks of one description share their builder, and with it what is compiled.
  network: sharedLoader(),
  onnx: (directory) => ForeignModel.load(directory),
  trees: (directory) => TreeModel.load(directory),
});

interface MemberEntry extends MemberDescription {
  readonly weight: number;
  /** Absent: a network. */
  readonly kind?: string;
  readonly folder: string;
}

interface EnsembleFile {
  readonly format: string;
  readonly version: number;
  readonly members: readonly MemberEntry[];
}

/** The folder of a member inside the ensemble's. */
export function folderOf({ member, snapshot }: MemberDescription): string {
  return snapshot === undefined ? `members/${member}` : `members/${member}/${snapshot}`;
}

/** Writes `ensemble.json` alone. */
export async function writeIndex(directory: string, members: readonly EnsembleMember[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const entries = members.map(({ model, ...entry }): MemberEntry => {
    const kind = model.kind === "network" ? {} : { kind: model.kind };
    return { ...entry, ...kind, folder: folderOf(entry) };
  });
  const content: EnsembleFile = { format: formatName, version: formatVersion, members: entries };
  await writeText(join(directory, "ensemble.json"), [`${JSON.stringify(content, null, 2)}\n`]);
}

/** Reads the index and all members. */
export async function readMembers(directory: string): Promise<EnsembleMember[]> {
  const path = join(directory, "ensemble.json");
  const { members: entries } = await readIndex(path);
  const kinds = readers();
  const members: EnsembleMember[] = [];
  for (const { folder, kind = "network", ...entry } of entries) {
    const read = kinds[kind];
    if (read === undefined) throw unknownName(`"${path}": kind of member`, kind, Object.keys(kinds));
    try {
      members.push({ ...entry, model: await read(join(directory, folder)) });
    } catch (error) {
      if (!(error instanceof FileFormatError)) throw error;
      throw new FileFormatError(`"${path}", member ${entry.member}: ${error.message}`);
    }
  }
  if (members.length === 0) throw new FileFormatError(`"${path}" names no members.`);
  return members;
}

function areMembers(members: unknown): boolean {
  return (
    Array.isArray(members) &&
    members.every(
      (entry: Partial<MemberEntry> | null) =>
        typeof entry?.folder === "string" && Number.isInteger(entry.member) && Number.isFinite(entry.weight),
    )
  );
}

async function readIndex(path: string): Promise<EnsembleFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new FileFormatError(`"${path}" cannot be read: a folder of an ensemble has a file ensemble.json.`);
  }
  try {
    const content = JSON.parse(text) as EnsembleFile;
    if (content.format === formatName && content.version === formatVersion && areMembers(content.members)) {
      return content;
    }
  } catch {
    // Falls through to the sentence below.
  }
  throw new FileFormatError(`"${path}" is no ensemble file of version ${formatVersion}.`);
}
