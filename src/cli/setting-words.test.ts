import { expect, test } from "vitest";
import { separateSettings } from "./setting-words.ts";

const separated = (line: string) => separateSettings(line.split(" ")).join(" ");

test("several settings may follow one --set, and files or options may follow them", () => {
  expect(separated("train --set training.epochs=3 training.members=2 a.yaml --out run")).toBe(
    "train --set training.epochs=3 --set training.members=2 a.yaml --out run",
  );
  expect(separated("train a.yaml --set=seed=1 x=2 --set y=3 z=4 --resume w=5")).toBe(
    "train a.yaml --set=seed=1 --set x=2 --set y=3 --set z=4 --resume w=5",
  );
});

test("other words stay as they are", () => {
  for (const line of [
    "train a=b.yaml --set seed=1 --out x=y",
    "train a.yaml --set",
    "train a.yaml --set seed",
    "train --set loss={name: focal} a.yaml",
    "train --set --set a=1",
  ]) {
    expect(separated(line)).toBe(line);
  }
});
