/** Every bad input is answered by one clear message and an exit code that is not 0, and leaves nothing behind. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Finished,
  lumin,
  sampleLines,
  scratchFolder,
  small,
  writeChanged,
  writeSample,
} from "./cli-harness.ts";

const folder = scratchFolder();
let events: string;
beforeAll(() => {
  events = writeSample(folder, 2000);
});

let counter = 0;
async function train(input: string, more: readonly string[] = [], words: readonly string[] = []) {
  const out = join(folder, `run-${counter++}`);
  const finished = await lumin(["train", ...small(input, more), "--out", out, ...words]);
  return { ...finished, out };
}

/** The lines that speak of the error; everything before is progress. */
function complaint({ stderr }: Finished): string {
  return stderr
    .split("\n")
    .filter((line) => line.startsWith("lumin:"))
    .join("\n")
    .replaceAll(`${folder}/`, "");
}

function expectRefused(result: Finished & { readonly out?: string }, message: string | RegExp): void {
  const text = complaint(result);
  if (typeof message === "string") expect(text).toBe(message);
  else expect(text).toMatch(message);
  expect(text.split("\n")).toHaveLength(1);
  expect(result.code).toBe(1);
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect(result.stdout).toBe("");
  if (result.out !== undefined) expect(existsSync(result.out)).toBe(false);
}

describe("lumin train refuses", () => {
  it("an analysis file that is not there", async () => {
    expectRefused(
      await lumin(["train", join(folder, "none.yaml"), "--out", join(folder, "x")]),
      'lumin: analysis file "none.yaml": there is no such file.',
    );
  });

  it("an input file that is not there", async () => {
    expectRefused(await train(join(folder, "none.csv")), 'lumin: input.files: there is no file "none.csv".');
  });

  it("a misspelt key, with the nearest one", async () => {
    expectRefused(
      await train(events, ["training.epoch=2"]),
      /^lumin: .*higgs\.yaml:\d+: training\.epoch: this key is not known\. Did you mean "epochs"\? Known: /,
    );
  });

  it("a column name that is not in the file, with the nearest one", async () => {
    expectRefused(
      await train(events, ["target.column=Lable"]),
      /^lumin: target\.column "Lable" is not known\. Did you mean "Label"\? Known: EventId, /,
    );
    expectRefused(
      await train(events, ["features.continuous=[DER_mas_vis]"]),
      /^lumin: continuous feature "DER_mas_vis" is not known\. Did you mean "DER_mass_vis"\? /,
    );
    expectRefused(await train(events, ["weights.column=KaggleWight"]), /Did you mean "KaggleWeight"\?/);
    expectRefused(await train(events, ["input.id=EventID"]), /Did you mean "EventId"\?/);
    expectRefused(await train(events, ["input.select=KagleSet = 't'"]), /Did you mean "KaggleSet"\?/);
  });

  it("text in a column of numbers, with file, line and text", async () => {
    const path = writeChanged(folder, 2000, "text.csv", "DER_mass_vis", (value, row) =>
      row === 1500 ? "n/a" : value,
    );
    expectRefused(
      await train(path),
      'lumin: "text.csv", row 1501 (line 1502): the column "DER_mass_vis" holds numbers, but here it is the text "n/a".',
    );
  });

  it("a target with one class, and a class that is not listed", async () => {
    const one = writeChanged(folder, 2000, "one.csv", "Label", () => "b");
    expectRefused(
      await train(one),
      'lumin: target "Label": all 2000 events are of the class "b"; a classification needs at least two classes.',
    );
    const other = writeChanged(folder, 2000, "other.csv", "Label", (value, row) => (row === 7 ? "z" : value));
    expectRefused(await train(other), 'lumin: target "Label": row 8 has the value "z". Expected: b, s.');
  });

  it("weights that are all zero, or zero for a class", async () => {
    const none = writeChanged(folder, 2000, "zero.csv", "KaggleWeight", () => "0");
    expectRefused(await train(none), 'lumin: weight "KaggleWeight": all 2000 weights are zero.');
    const labels = sampleLines(2000)
      .slice(1)
      .map((line) => line.split(",")[32]);
    const half = writeChanged(folder, 2000, "half.csv", "KaggleWeight", (value, row) =>
      labels[row] === "s" ? "0" : value,
    );
    expectRefused(await train(half), /^lumin: the weights of class "s" sum to 0: /);
  });

  it("a fold with fewer events than a batch", async () => {
    expectRefused(
      await train(events, ["training.batchSize=512"]),
      "lumin: training.batchSize: fold 0 has 400 events, fewer than the batch size 512. Use a batch size of at most 400, or fewer than 4 folds.",
    );
  });

  it("a gzip file that is cut off", async () => {
    const whole = gzipSync(readFileSync(events));
    const path = join(folder, "cut.csv.gz");
    writeFileSync(path, whole.subarray(0, Math.floor(whole.length / 2)));
    expectRefused(
      await train(path),
      /^lumin: "cut\.csv\.gz" is truncated: the file ends before its data does\./,
    );
  });

  it("to go on when the loss is not a number, and names the step", async () => {
    const result = await train(events, [
      "training.callbacks.0.options.learningRates=[1.0e+3, 1.0e+8, 1.0e+8]",
      "training.members=1",
    ]);
    expectRefused(
      result,
      /^lumin: fit: the loss became (NaN|∞|Infinity|\+?∞) at epoch \d, step \d+\. The last finite loss was /,
    );
  });

  it("an output folder that exists, whatever is in it", async () => {
    const out = join(folder, "there");
    mkdirSync(out);
    const words = ["train", ...small(events), "--out", out];
    const result = await lumin(words);
    expectRefused(result, 'lumin: --out "there": this already exists. Choose another name, or delete it.');
    writeFileSync(join(out, "mine.txt"), "mine");
    expect((await lumin(words)).code).toBe(1);
    expect(readFileSync(join(out, "mine.txt"), "utf8")).toBe("mine");
    const path = join(folder, "a-file");
    writeFileSync(path, "");
    expectRefused(await lumin(["train", ...small(events), "--out", path]), /this already exists/);
  });
});

describe("a full disk", () => {
  const mount = join(folder, "tiny");
  const canMount = ((): boolean => {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
    try {
      mkdirSync(mount);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", mount], { stdio: "ignore" });
      execFileSync("umount", [mount]);
      return true;
    } catch {
      return false;
    }
  })();

  it("is told in one sentence, and leaves nothing that looks like a run or like predictions", async (context) => {
    if (!canMount) context.skip("a small tmpfs cannot be mounted here (needs root)");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", mount]);
    try {
      const out = join(mount, "run");
      const result = await lumin(["train", ...small(events), "--out", out]);
      expectRefused(
        { ...result, out },
        /^lumin: "tiny\/run\/folds\.h5" could not be written: the disk is full\./,
      );
      // Room for folds and networks, none for all the rest.
      const run = join(folder, "run-for-disk");
      expect((await lumin(["train", ...small(events, ["training.epochs=1"]), "--out", run])).code).toBe(0);
      writeFileSync(join(mount, "ballast"), Buffer.alloc(120 * 1024));
      for (const name of ["p.csv", "p.parquet", "p.h5"]) {
        const output = join(mount, name);
        const predicted = await lumin(["predict", run, "--input", events, "--output", output]);
        expectRefused({ ...predicted, out: output }, /could not be written: the disk is full\./);
      }
    } finally {
      execFileSync("umount", [mount]);
    }
  });

  it("in the middle of a run keeps the finished members", async (context) => {
    if (!canMount) context.skip("a small tmpfs cannot be mounted here (needs root)");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=900k", "tmpfs", mount]);
    try {
      const out = join(mount, "run");
      const words = [
        "train",
        ...small(events, ["training.members=6", "training.epochs=1"]),
        "--out",
        out,
        "--workers",
        "1",
      ];
      const result = await lumin(words);
      expect(result.code).toBe(1);
      expect(complaint(result)).toMatch(/the disk is full/);
      expect(existsSync(join(out, "run.json"))).toBe(false);
      expect((await lumin(["evaluate", out])).stderr).toContain("this run is not finished");
      execFileSync("mount", ["-o", "remount,size=20m", mount]);
      const again = await lumin(words);
      expect(again.code).toBe(0);
      expect(again.stderr).toContain("member 0 is finished already, it is kept");
    } finally {
      execFileSync("umount", [mount]);
    }
  });
});

describe("lumin predict, evaluate and report refuse", () => {
  let run: string;
  beforeAll(async () => {
    run = join(folder, "good");
    expect((await lumin(["train", ...small(events, ["training.epochs=1"]), "--out", run])).code).toBe(0);
  });

  it("a run that is not there, not a run, or not finished", async () => {
    expectRefused(
      await lumin(["evaluate", join(folder, "none")]),
      'lumin: run "none": there is no such folder.',
    );
    expectRefused(
      await lumin(["report", folder]),
      /: this is not the folder of a run, run\.json is missing\.$/,
    );
    const unfinished = join(folder, "unfinished");
    mkdirSync(unfinished);
    writeFileSync(join(unfinished, "unfinished.json"), "{}");
    for (const words of [
      ["evaluate", unfinished],
      ["report", unfinished],
      ["predict", unfinished, "--input", events, "--output", join(folder, "p.csv")],
    ]) {
      expectRefused(
        await lumin(words),
        /^lumin: run "unfinished": this run is not finished\. Run "lumin train" with the same analysis/,
      );
    }
  });

  it.runIf(process.platform === "linux")("a run folder where the system makes none", async () => {
    expectRefused(
      await lumin(["train", ...small(events), "--out", "/proc/run/one"]),
      /^lumin: --out "\/proc\/run\/one": the folder cannot be made, /,
    );
  });

  it("events without an input column, and output that cannot be written", async () => {
    const lines = sampleLines(100).map((line) => line.split(",").toSpliced(3, 1).join(","));
    const path = join(folder, "narrow.csv");
    writeFileSync(path, lines.join("\n"));
    const output = join(folder, "p.csv");
    expectRefused(
      await lumin(["predict", run, "--input", path, "--output", output]),
      /^lumin: column "DER_mass_vis" is not known\./,
    );
    expect(existsSync(output)).toBe(false);
    expectRefused(
      await lumin(["predict", run, "--input", events, "--output", join(folder, "p.txt")]),
      'lumin: --output "p.txt": the ending decides the format; it must be .csv, .parquet, .h5, .hdf5, .npy, .npz.',
    );
    expectRefused(
      await lumin(["predict", run, "--input", events, "--output", join(folder, "no", "p.csv")]),
      'lumin: --output "no/p.csv": the folder "no" does not exist.',
    );
    const before = readFileSync(events);
    expectRefused(
      await lumin(["predict", run, "--input", events, "--output", events]),
      /^lumin: --output ".*": this is the input file ".*", which would be lost\. Choose another name\./,
    );
    expect(readFileSync(events).equals(before)).toBe(true);
    expectRefused(
      await lumin(["predict", run, "--input", join(folder, "none.csv"), "--output", output]),
      'lumin: "none.csv" does not exist.',
    );
  });

  it("a category that the training did not have", async () => {
    const path = writeChanged(folder, 100, "jets.csv", "PRI_jet_num", (value, row) =>
      row === 3 ? "9" : value,
    );
    expectRefused(
      await lumin(["predict", run, "--input", path, "--output", join(folder, "p.csv")]),
      /^lumin: .*PRI_jet_num.*9/,
    );
  });

  it("a damaged network", async () => {
    const copy = join(folder, "damaged");
    execFileSync("cp", ["-r", run, copy]);
    const weights = join(copy, "members", "0", "model.safetensors");
    writeFileSync(weights, readFileSync(weights).subarray(0, 1000));
    expectRefused(
      await lumin(["predict", copy, "--input", events, "--output", join(folder, "p.csv")]),
      /model\.safetensors/,
    );
    rmSync(copy, { recursive: true });
  });
});

describe("the command line", () => {
  it("answers unknown commands and options with the nearest one", async () => {
    expect(await lumin(["trian"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Did you mean train?"),
    });
    expect(await lumin(["evaluate", "x", "--jsn"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Did you mean --json?"),
    });
    expect(await lumin(["train", "a.yaml"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--out <run>"),
    });
    expect((await lumin(["train", "a.yaml", "--out", "x", "--workers", "two"])).stderr).toContain(
      "Expected a whole number of at least 0.",
    );
  });

  it("shows the stack of an error when asked", async () => {
    const { stderr, code } = await lumin(["evaluate", join(folder, "none"), "--debug"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\s+at /m);
  });
});
