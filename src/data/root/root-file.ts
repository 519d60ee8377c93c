/** Opening ROOT files: what they contain, and their trees and ntuples. */
import {
  complaints,
  type NtupleAnchor,
  openFile,
  type RootFile,
  type RootKey,
  type RootObject,
  type RootTree,
} from "#jsroot";
import { ConfigurationError, FileFormatError, LuminError, unknownName } from "../../errors/index.ts";
import { checkAddress } from "./check-address.ts";
import { checkObject, checkRootFile } from "./check-file.ts";
import { ntupleEvents } from "./read-ntuple.ts";
import { treeEvents } from "./read-tree.ts";
import type { RootEvents } from "./root-events.ts";

/** One object of a file. */
export interface RootEntry {
  /** With its directories: `analysis/Events`. */
  readonly name: string;
  /** Such as `TTree`, `TH1F`. */
  readonly className: string;
  readonly title: string;
}

/** An open ROOT file. */
export interface RootReader {
  readonly path: string;
  /** Everything in it, also in directories, in the file's order; of several cycles of an object the last. */
  readonly entries: readonly RootEntry[];
  /**
   * The events of a tree or ntuple; without a name, of the only one of the file.
   *
   * @throws UnknownNameError; ConfigurationError where the name is needed to choose; FileFormatError when damaged.
   */
  events(name?: string): Promise<RootEvents>;
  /** Any object, such as a histogram, with ROOT's own member names. */
  object(name: string): Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Opens a ROOT file for reading.
 *
 * @param path a file, or an http(s) address.
 * @throws FileFormatError for what is no ROOT file, or is damaged, and for an address that does not answer.
 */
export async function openRootFile(path: string): Promise<RootReader> {
  if (/^root:\/\//.test(path)) {
    throw new FileFormatError(
      `"${path}": files behind XRootD cannot be read; copy it with "xrdcp ${path} ." and name the copy.`,
    );
  }
  if (/^https?:\/\//.test(path)) await checkAddress(path);
  else await checkRootFile(path);
  const file = await contained(() => openFile(path), `"${path}" is not a ROOT file, or is damaged`);
  if (!file?.fKeys) throw new FileFormatError(`"${path}" is not a ROOT file, or is damaged.`);
  const stored = await listEntries(file, "", file.fKeys, path);
  const entries = stored.map(({ name, className, title }) => ({ name, className, title }));
  const object = async (name: string): Promise<RootObject & Readonly<Record<string, unknown>>> => {
    const key = stored.find((entry) => entry.name === name);
    if (key) await checkObject(file, key.key, `"${path}": "${name}"`);
    const found = await contained(() => file.readObject(name), `"${path}": "${name}" cannot be read`);
    if (!found) throw new FileFormatError(`"${path}": "${name}" cannot be read: the file is damaged.`);
    return found as RootObject & Readonly<Record<string, unknown>>;
  };
  return {
    path,
    entries,
    object: (name) => {
      if (!entries.some((entry) => entry.name === name)) {
        throw unknownName(
          `"${path}": object`,
          name,
          entries.map((entry) => entry.name),
        );
      }
      return object(name);
    },
    events: async (name) => {
      const chosen = chooseEvents(stored, name, path);
      const { name: own, className, key } = chosen;
      const found: unknown = await object(own);
      if (/^T/.test(className)) return treeEvents(path, file, found as RootTree, own);
      const record = await checkObject(file, key, `"${path}": "${own}"`);
      return contained(
        () => ntupleEvents(path, file, found as NtupleAnchor, record, own),
        `"${path}": the RNTuple "${own}" cannot be read`,
      );
    },
  };
}

const eventClasses = /^(TTree|TNtupleD?|(ROOT::)?(Experimental::)?RNTuple)$/;

/** Whether an object of a file holds events. */
export function holdsEvents({ className }: RootEntry): boolean {
  return eventClasses.test(className);
}

function chooseEvents(entries: readonly StoredEntry[], name: string | undefined, path: string): StoredEntry {
  const candidates = entries.filter(holdsEvents);
  const names = candidates.map((entry) => entry.name);
  if (name !== undefined) {
    const chosen = candidates.find((entry) => entry.name === name);
    if (!chosen) throw unknownName(`"${path}": tree or ntuple`, name, names);
    return chosen;
  }
  if (candidates.length === 0) throw new FileFormatError(`"${path}" has no tree and no ntuple of events.`);
  if (candidates.length > 1) {
    throw new ConfigurationError(`"${path}" has several trees: ${names.join(", ")}; name the one to read.`);
  }
  return candidates[0]!;
}

interface StoredEntry extends RootEntry {
  readonly key: RootKey;
}

async function listEntries(
  file: RootFile,
  directory: string,
  keys: readonly RootKey[],
  path: string,
): Promise<StoredEntry[]> {
  const entries = new Map<string, StoredEntry>();
  for (const key of keys) {
    const name = directory + key.fName;
    if (name === "StreamerInfo" || (entries.get(name)?.key.fCycle ?? 0) > key.fCycle) continue;
    entries.set(name, { name, className: key.fClassName, title: key.fTitle, key });
  }
  const list: StoredEntry[] = [];
  for (const entry of entries.values()) {
    const { name, className } = entry;
    list.push(entry);
    if (!/^TDirectory/.test(className)) continue;
    const inner = await contained(
      () => file.readObject(name),
      `"${path}": directory "${name}" cannot be read`,
    );
    const innerKeys = (inner as { fKeys?: readonly RootKey[] } | null)?.fKeys ?? [];
    list.push(...(await listEntries(file, `${name}/`, innerKeys, path)));
  }
  return list;
}

/** What the library throws, or only prints, becomes one sentence. */
async function contained<T>(work: () => Promise<T>, sentence: string): Promise<T> {
  complaints.length = 0;
  try {
    return await work();
  } catch (error) {
    if (error instanceof LuminError) throw error;
    // Errors of other kinds are the library's stumbles over damaged structures, and say nothing of the file.
    const isReason = error instanceof Error && error.constructor === Error;
    throw new FileFormatError(
      isReason ? `${sentence}: ${error.message}.` : `${sentence}: the structure of the file is damaged.`,
    );
  } finally {
    complaints.length = 0;
  }
}
