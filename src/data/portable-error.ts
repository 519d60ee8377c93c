/** Errors on their way from one thread to another, where only their messages arrive. */
import * as errors from "../errors/index.ts";

/** An error as plain data. */
export interface PortableError {
  readonly name: string;
  readonly message: string;
  /** Of errors of the file system: ENOENT and the like, and where. */
  readonly code?: unknown;
  readonly path?: unknown;
}

/** The error to be sent. */
export function portableError(error: unknown): PortableError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, code, path } = error as NodeJS.ErrnoException;
  return { name, message, ...(code === undefined ? {} : { code, path }) };
}

/** The error that was sent, of its own class where that is one of ours. */
export function errorOf({ name, message, code, path }: PortableError): Error {
  const ours = Object.values<unknown>(errors).find(
    (each): each is new (message: string) => Error =>
      typeof each === "function" && each.name === name && each.prototype instanceof Error,
  );
  const Class = ours ?? Error;
  return Object.assign(new Class(message), code === undefined ? {} : { code, path });
}
