/** `lumin inspect` as a user types it. */
import { expect, it } from "vitest";
import { lumin } from "./cli-harness.ts";

it("inspect shows the objects of a ROOT file, histograms in numbers, and the columns of its events", async () => {
  const { code, stdout } = await lumin(["inspect", "test/data/root/uproot-hepdata-example.root"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {2}hpx +TH1F +100 bins from -4 to 4, 75000 entries, sum 74994 ± /m);
  expect(stdout).toMatch(/^ {2}ntuple +TNtuple +75,000 events, 5 columns$/m);
  expect(stdout).toMatch(/^ {2}i +float32 +0 … 74999 +mean 37499\.5$/m);
});

it("inspect weights what it shows, and gives JSON", async () => {
  const { code, stdout } = await lumin([
    ...["inspect", "test/data/root/uproot-HZZ.root", "--json", "--weight", "EventWeight"],
    ...["--columns", "NMuon", "MET_px", "EventWeight", "Muon_Px[0]", "--select", "NMuon > 0"],
  ]);
  expect(code).toBe(0);
  const { events, others } = JSON.parse(stdout);
  expect(events.columns.map(({ name }: { name: string }) => name)).toEqual([
    ...["NMuon", "MET_px", "EventWeight", "Muon_Px[0]"],
  ]);
  const weight = events.columns[2];
  expect(events.weightSum / events.rowCount).toBeGreaterThan(weight.minimum);
  expect(events.weightSum / events.rowCount).toBeLessThan(weight.maximum);
  expect(events.columns[0].minimum).toBe(1);
  expect(others.map(({ name }: { name: string }) => name)).toContain("Muon_Py");
});

it("inspect of a wrong column, tree or file is one sentence and exit code not 0", async () => {
  for (const [words, sentence] of [
    [["test/data/root/uproot-HZZ.root", "--tree", "event"], /tree or ntuple "event" is not known/],
    [["test/data/tables/columns.h5", "--columns", "pT"], /"pT" is not known.*"pt"/],
    [["absent.root"], /"absent\.root" .*/],
  ] as const) {
    const { code, stderr } = await lumin(["inspect", ...words]);
    expect(code).not.toBe(0);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(sentence);
  }
});
