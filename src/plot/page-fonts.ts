/** The package's letters inside HTML pages: places and widths in pictures were reckoned with theirs. */
import { readFile } from "node:fs/promises";
import { Markup } from "./html.ts";
import { fontFamily, fontFile } from "./picture-fonts.ts";

/** Style rules that hold the cuts that pictures use; a reader with Helvetica or Arial sees those, which are as wide. */
export async function fontFaces(): Promise<Markup> {
  const cuts = [
    { isBold: false, isItalic: false },
    { isBold: true, isItalic: false },
    { isBold: false, isItalic: true },
  ];
  const rules = cuts.map(async ({ isBold, isItalic }) => {
    const file = await readFile(fontFile(isBold, isItalic), "base64");
    return `@font-face { font-family: ${fontFamily}; font-weight: ${isBold ? "bold" : "normal"}; font-style: ${isItalic ? "italic" : "normal"}; src: url(data:font/ttf;base64,${file}); }`;
  });
  return new Markup((await Promise.all(rules)).join("\n"));
}
