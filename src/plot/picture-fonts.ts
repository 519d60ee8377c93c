/** The letters of PNG and PDF pictures, which come with the package: a bare machine has none. */
import { fileURLToPath } from "node:url";

/** Arimo, of the same widths as Helvetica and Arial. */
export const fontFamily = "Arimo";

/** The file of a cut of the font. */
export function fontFile(isBold: boolean, isItalic: boolean): string {
  const cut = `${isBold ? "Bold" : ""}${isItalic ? "Italic" : ""}` || "Regular";
  return fileURLToPath(new URL(`./fonts/Arimo-${cut}.ttf`, import.meta.url));
}

/** The files of all four cuts. */
export function fontFiles(): string[] {
  return [false, true].flatMap((isBold) => [false, true].map((isItalic) => fontFile(isBold, isItalic)));
}
