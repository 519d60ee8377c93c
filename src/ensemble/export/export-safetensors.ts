/** The networks' weights as safetensors files: one a member, for any program that reads the format. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically, writingError } from "../../data/atomic-file.ts";
import { decodeSafetensors, encodeSafetensors } from "../../model/index.ts";
import type { Ensemble } from "../ensemble.ts";
import { networkOf } from "../member.ts";
import { partName } from "./export-graph.ts";

/**
 * Writes `member0.safetensors`, … with parameters and running statistics by name; each file's metadata hold the network's
 * description, its share in the ensemble and the given texts. Gives the paths.
 *
 * @throws DataError if the folder cannot be written.
 */
export async function exportSafetensors(
  directory: string,
  ensemble: Ensemble,
  metadata: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw writingError(directory, error);
  }
  const paths: string[] = [];
  for (const [i, each] of ensemble.members.entries()) {
    const { member, weight, validationLoss } = each;
    const model = networkOf(each, "safetensors");
    const path = join(directory, `${partName(ensemble, i)}.safetensors`);
    const { tensors } = decodeSafetensors(model.toFiles()["model.safetensors"], path);
    const bytes = encodeSafetensors(tensors, {
      "lumin.network": JSON.stringify(model.builder.toSpec()),
      "lumin.member": JSON.stringify({ member, weight, validationLoss }),
      ...metadata,
    });
    await writeAtomically(path, (temporary) => writeFile(temporary, bytes));
    paths.push(path);
  }
  return paths;
}
