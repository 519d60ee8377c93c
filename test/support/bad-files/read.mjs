/**
 * Damages the files of formats and reads them, in a process that may crash or hang without harm:
 * `node read.mjs COUNT FIRST FOLDER FORMAT…`. Of each format the cases before COUNT are truncations, COUNT more are
 * flipped bytes; they are counted through all formats. Prints a line of JSON when a case begins and one when it ended.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Stream } from "../../../dist/array/index.js";
import { LuminError } from "../../../dist/errors/index.js";
import { formats } from "./formats.mjs";

const [countText, firstText, directory, ...names] = process.argv.slice(2);
const count = Number(countText);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const residentMebibytes = () => Math.round(process.resourceUsage().maxRSS / 1024);

const intact = [];
for (const [i, name] of names.entries()) {
  const folder = join(directory, String(i));
  mkdirSync(folder);
  await formats[name].make(folder);
  const { files, read } = formats[name];
  const bytes = files.map((file) => readFileSync(join(folder, file)));
  intact.push({ name, folder, files, read, bytes, found: await read(folder) });
}
print({ ready: true, mebibytes: residentMebibytes() });

for (let index = Number(firstText); index < 2 * count * names.length; index++) {
  const format = intact[Math.floor(index / (2 * count))];
  const number = index % (2 * count);
  const k = number % format.files.length;
  const path = join(format.folder, format.files[k]);
  print({ begins: index });
  // Removed first: what is mapped or cached of it must not be the new one.
  rmSync(path);
  writeFileSync(path, damaged(format.bytes[k], format.name, number));
  print({ ends: index, ...(await attempt(format)), mebibytes: residentMebibytes() });
  writeFileSync(path, format.bytes[k]);
}

function damaged(bytes, name, index) {
  const stream = new Stream(1, name, index);
  if (index < count) return bytes.subarray(0, stream.integer(bytes.length));
  const flipped = Buffer.from(bytes);
  flipped[stream.integer(bytes.length)] ^= 1 + stream.integer(255);
  return flipped;
}

async function attempt({ folder, files, read, found: whole }) {
  try {
    const found = await read(folder);
    const outcome =
      found.digest === whole.digest ? "same" : found.count === whole.count ? "other values" : "other length";
    return { outcome, note: `${found.count} instead of ${whole.count}` };
  } catch (error) {
    const isOurs = error instanceof LuminError;
    const names = files.some((file) => String(error?.message).includes(file.split("/").at(-1)));
    return {
      outcome: !isOurs ? "raw error" : names ? "refused" : "nameless",
      note: isOurs ? `${error.name}: ${error.message}` : String(error?.stack ?? error),
    };
  }
}
