/** Input files before they are read: whether they can be, and of which format they are. */
import { access, constants, open, stat } from "node:fs/promises";
import { DataError, FileFormatError } from "../errors/index.ts";
import { isGzip } from "./gzip-check.ts";

/** Formats of events. */
export type Format = "columnar" | "root" | "hdf5" | "npy";

/** The format of a file: by its first bytes, or else by the name. */
export async function formatOf(path: string): Promise<Format> {
  const file = await open(path);
  const first = Buffer.alloc(8);
  try {
    await file.read(first, 0, 8, 0);
  } finally {
    await file.close();
  }
  const text = first.toString("latin1");
  const byContent: Format | undefined = text.startsWith("root")
    ? "root"
    : text.startsWith("\x89HDF")
      ? "hdf5"
      : text.startsWith("\x93NUMPY") || (/\.npz$/i.test(path) && text.startsWith("PK"))
        ? "npy"
        : undefined;
  const byName: Format = /\.root$/i.test(path)
    ? "root"
    : /\.(h5|hdf5)$/i.test(path)
      ? "hdf5"
      : /\.np[yz]$/i.test(path)
        ? "npy"
        : "columnar";
  if (byContent === undefined && byName !== "columnar") {
    const kind = { root: "a ROOT", hdf5: "an HDF5", npy: "a NumPy", columnar: "" }[byName];
    throw new FileFormatError(`"${path}" is named like ${kind} file but does not begin like one.`);
  }
  return byContent ?? byName;
}

/** @throws FileFormatError for a file that is not there, may not be read or is empty. */
export async function checkReadable(path: string): Promise<void> {
  if (/^[a-z]+:\/\//i.test(path)) {
    throw new FileFormatError(
      `"${path}": files are read from disk; copy it first${path.startsWith("root:") ? `, with "xrdcp ${path} ."` : ""}.`,
    );
  }
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new FileFormatError(`"${path}" ${missing ? "does not exist" : "may not be read"}.`);
  }
  const status = await stat(path);
  if (status.isDirectory()) throw new FileFormatError(`"${path}" is a folder, a file is needed.`);
  if (status.size === 0) throw new FileFormatError(`"${path}" is empty.`);
  if (/\.gz$/i.test(path) && !(await isGzip(path))) {
    throw new FileFormatError(`"${path}" is named .gz but is not a gzip file.`);
  }
}

/** What to say where nothing was read. */
export function noEvents(paths: readonly string[], select: string | undefined): DataError {
  const files = paths.map((path) => `"${path}"`).join(", ");
  return new DataError(
    select === undefined
      ? `${files}: there are no events, only a header.`
      : `no event of ${files} passes the selection ${select}.`,
  );
}
