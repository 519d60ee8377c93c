/** Errors on their way from one thread to another, where only their messages arrive. */
import {
  ConfigurationError,
  DataError,
  FileFormatError,
  InterruptedError,
  LuminError,
  ShapeError,
  TrainingError,
  UnknownNameError,
} from "../errors/index.ts";

/** An error as plain data. */
export interface PortableError {
  readonly name: string;
  readonly message: string;
}

const ours = [
  ConfigurationError,
  DataError,
  FileFormatError,
  InterruptedError,
  LuminError,
  ShapeError,
  TrainingError,
  UnknownNameError,
];

/** The error to be sent. */
export function portableError(error: unknown): PortableError {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };
}

/** The error that was sent, of its own class where that is one of ours. */
export function errorOf({ name, message }: PortableError): Error {
  const Class = ours.find((each) => each.name === name) ?? Error;
  return new Class(message);
}
