import { describe, expect, test } from "vitest";
import { divergingColour, inkOn } from "./colour-scale.ts";
import { plotEmbedding } from "./embedding.ts";
import { renderSvg } from "./render.ts";
import type { Layer } from "./spec.ts";

const table = { shape: [4, 2], data: Float32Array.of(0.5, -1, 0.25, 0, -0.125, 2, 1.5, -2) };

describe("plotEmbedding", () => {
  test("has a cell for each number: the category's row from the top, its colour by sign and size, its text", async () => {
    const spec = plotEmbedding(table, { feature: "PRI_jet_num", categories: ["0", "1", "2", "3+"] });
    const cells = (spec.layer[0] as Layer).data.values;
    expect(cells).toHaveLength(8);
    expect(cells[0]).toMatchObject({ middle: 0, place: 3, text: "0.50", colour: divergingColour(0.25) });
    expect(cells[5]).toMatchObject({ middle: 1, place: 1, text: "2.00", colour: divergingColour(1) });
    expect(cells[7]).toMatchObject({ middle: 1, place: 0, text: "−2.00", ink: "#ffffff" });
    const svg = await renderSvg(spec);
    for (const text of ["PRI_jet_num", "3+", "−0.13", "Component of the embedding", divergingColour(-1)]) {
      expect(svg).toContain(text);
    }
  });

  test("refuses other shapes and names of other categories", () => {
    expect(() => plotEmbedding({ ...table, shape: [8] })).toThrow(
      "plotEmbedding: a table of [categories, size] was expected, but the shape is [8] with 8 numbers.",
    );
    expect(() => plotEmbedding(table, { categories: ["a"] })).toThrow(
      "plotEmbedding: 1 categories are named, but the table has 4.",
    );
  });
});

test("the diverging scale is symmetric about white, and ends at its ends", () => {
  expect([-1, -0.5, 0, 0.5, 1].map(divergingColour)).toEqual([
    "#2166ac",
    "#92c5de",
    "#f7f7f7",
    "#f4a582",
    "#b2182b",
  ]);
  expect(divergingColour(7)).toBe(divergingColour(1));
  expect([inkOn(0), inkOn(-1)]).toEqual(["#1a1a1a", "#ffffff"]);
});
