/** The gallery: every plot is in it, its page has the code of the example, its pictures have all their letters. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { describe, expect, it } from "vitest";
import * as plots from "../src/plot/index.ts";

const example = readFileSync("examples/gallery/gallery.ts", "utf8");
const page = readFileSync("docs/gallery.md", "utf8");
const pictures = join("docs", "gallery");
const fonts = join("src", "plot", "fonts");
const names = [...example.matchAll(/^export const (\w+) = (?:async )?\(look/gm)].map(([, name]) => name!);

describe("the gallery", () => {
  it("has every exported function that makes a plot", () => {
    const notPlots = ["plotPage"];
    const functions = Object.keys(plots).filter(
      (name) => /^plot[A-Z]/.test(name) && !notPlots.includes(name),
    );
    expect(functions.length).toBeGreaterThan(20);
    expect(functions.filter((name) => !example.includes(` ${name}(`))).toEqual([]);
  });

  it("shows each with its code and a picture in both styles", () => {
    expect(names.length).toBeGreaterThan(20);
    const codes = [...page.matchAll(/```ts\n([\s\S]*?)\n```/g)].map(([, code]) => code!);
    expect(codes.map((code) => /^export const (\w+)/.exec(code)?.[1])).toEqual(names);
    for (const code of codes) expect(example).toContain(code);
    const files = names.flatMap((name) => [`${name}-plain.svg`, `${name}.svg`]);
    expect(readdirSync(pictures).sort()).toEqual(files.sort());
    for (const file of files) expect(page).toContain(`(gallery/${file})`);
  });

  it("has no letter that the font of PNG and PDF files lacks", () => {
    const texts = readdirSync(pictures).flatMap((file) =>
      [...readFileSync(join(pictures, file), "utf8").matchAll(/<text[^>]*>([^<]*)/g)].map(
        ([, text]) => text!,
      ),
    );
    const letters = [...new Set(texts.join(""))].filter((letter) => letter.trim() !== "");
    expect(letters).toContain("τ");
    const ink = (letter: string) =>
      new Resvg(
        `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text x="9" y="30" font-family="Arimo">${letter}</text></svg>`,
        {
          font: {
            loadSystemFonts: false,
            fontFiles: readdirSync(fonts)
              .filter((file) => file.endsWith(".ttf"))
              .map((file) => join(fonts, file)),
            defaultFontFamily: "Arimo",
          },
        },
      ).getBBox();
    expect(ink("∝")).toBeUndefined();
    expect(letters.filter((letter) => ink(letter) === undefined)).toEqual([]);
  });
});
