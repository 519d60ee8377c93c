/** What a browser has in place of model-folder.ts: an error that says what to use. */
import { ConfigurationError } from "../errors/index.ts";

export function writeModelFolder(): never {
  throw new ConfigurationError(
    "Model.save: a browser has no folders. Use toFiles() and offer them as downloads.",
  );
}

export function readModelFolder(): never {
  throw new ConfigurationError(
    "Model.load: a browser has no folders. Fetch both files and use Model.fromFiles.",
  );
}

export function writeEmbeddings(): never {
  throw new ConfigurationError("Model.saveEmbeddings: a browser has no files. Use Model.embeddings().");
}

export function readEmbeddings(): never {
  throw new ConfigurationError("loadEmbeddings: a browser has no files. Use Model.embeddings().");
}
