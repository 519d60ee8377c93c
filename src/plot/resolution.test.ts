import { expect, test } from "vitest";
import { compilePlot, renderSvg } from "./render.ts";
import { plotResolution, type ResolutionBin } from "./resolution.ts";

const bin = (low: number, high: number, bias: number | null): ResolutionBin => ({
  low,
  high,
  bias: { value: bias, uncertainty: bias === null ? null : 0.5 },
  resolution: { value: 4, uncertainty: null },
});
const profile = { target: "mass", bins: [bin(50, 80, 1.5), bin(80, 120, -2), bin(120, 200, null)] };

test("bias and resolution are points with bars in bins of the truth; what is undefined is left out", async () => {
  const spec = plotResolution(profile);
  const layer = (name: string) => {
    const found = spec.layer.find((each) => "name" in each && each.name === name);
    return found !== undefined && "data" in found ? found.data.values : [];
  };
  expect(layer("bias")).toMatchObject([
    { low: 50, high: 80, middle: 65, value: 1.5, bottom: 1, top: 2 },
    { middle: 100, value: -2 },
  ]);
  expect(layer("resolution").map((row) => row.value)).toEqual([4, 4, 4]);
  expect((await compilePlot(spec)).warnings).toEqual([]);
  expect(await renderSvg(spec)).toContain("True mass");
});

test("without any finite bias there is nothing to draw", () => {
  expect(() => plotResolution({ target: "mass", bins: [bin(0, 1, null)] })).toThrow(
    'plotResolution: no bin of "mass" has events with a finite prediction.',
  );
});
