/** Drawing as PDF: the SVG picture, element by element, with letters that can be selected and searched. */
import { fontFile } from "./picture-fonts.ts";
import { renderSvg } from "./render.ts";
import type { PlotSpec } from "./spec.ts";

/**
 * The picture of a plot as the bytes of a PDF file of one page, 0.75 points a pixel. The same specification gives the
 * same bytes.
 *
 * @example
 * await writeFile("roc.pdf", await renderPdf(plotRoc([curve])));
 */
export async function renderPdf(spec: PlotSpec): Promise<Uint8Array> {
  const { root, clips } = parsed(await renderSvg(spec));
  const { default: PDFDocument } = await import("pdfkit");
  const document = new PDFDocument({
    size: [Number(root.attributes.width) * point, Number(root.attributes.height) * point],
    margin: 0,
    // The clock would change the bytes.
    info: { Title: spec.description, Producer: "LUMIN", Creator: "LUMIN", CreationDate: new Date(0) },
  });
  const pieces: Uint8Array[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    document.on("data", (piece: Uint8Array) => pieces.push(piece));
    document.on("end", () => resolve());
    document.on("error", reject);
  });
  document.scale(point);
  draw(document, root, {}, clips);
  document.end();
  await ended;
  return Buffer.concat(pieces);
}

const point = 0.75;

/** An element of the picture: what Vega writes, and no more of SVG than that. */
interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** The elements of an SVG picture, and its clips by id. */
function parsed(svg: string): { root: Element; clips: Map<string, Element> } {
  const top: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [top];
  const clips = new Map<string, Element>();
  for (const [, close, name, attributes = "", isEmpty, text] of svg.matchAll(
    /<(\/?)(\w+)((?:\s[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g,
  )) {
    const parent = open.at(-1)!;
    if (text !== undefined) parent.text += unescaped(text);
    else if (close) open.pop();
    else {
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)];
      const element: Element = {
        name: name!,
        attributes: Object.fromEntries(pairs.map(([, key, value]) => [key!, unescaped(value!)])),
        children: [],
        text: "",
      };
      parent.children.push(element);
      if (parent.name === "clipPath") clips.set(parent.attributes.id!, element);
      if (!isEmpty) open.push(element);
    }
  }
  return { root: top.children[0]!, clips };
}

/** Draws an element and what is in it, with the looks it inherits. */
function draw(
  document: PDFKit.PDFDocument,
  { name, attributes, children, text }: Element,
  inherited: Readonly<Record<string, string>>,
  clips: ReadonlyMap<string, Element>,
): void {
  if (name === "defs") return;
  const looks: Record<string, string> = { ...inherited };
  for (const key of inheritable) if (attributes[key] !== undefined) looks[key] = attributes[key];
  document.save();
  for (const [, kind, numbers] of (attributes.transform ?? "").matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [a = 0, b = 0] = numbers!.split(/[ ,]+/).map(Number);
    if (kind === "translate") document.translate(a, b);
    else if (kind === "rotate") document.rotate(a);
    else if (kind === "scale") document.scale(a, b || a);
  }
  const clip = clips.get(/url\(#([^)]+)\)/.exec(attributes["clip-path"] ?? "")?.[1] ?? "");
  if (clip && outline(document, clip)) document.clip();
  if (name === "text") drawText(document, { ...looks, ...attributes }, text);
  else if (outline(document, { name, attributes, children, text })) paint(document, looks, attributes);
  for (const child of children) draw(document, child, looks, clips);
  document.restore();
}

const inheritable = [
  ...["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-miterlimit", "stroke-linecap"],
  ...["fill-opacity", "stroke-opacity"],
] as const;

/** Makes the element's outline the current path; whether it has one. */
function outline(document: PDFKit.PDFDocument, { name, attributes }: Element): boolean {
  const number = (key: string): number => Number(attributes[key] ?? 0);
  switch (name) {
    case "rect":
      document.rect(number("x"), number("y"), number("width"), number("height"));
      return true;
    case "line":
      document.moveTo(number("x1"), number("y1")).lineTo(number("x2"), number("y2"));
      return true;
    case "path":
      if (!attributes.d) return false;
      document.path(attributes.d);
      return true;
    default:
      return false;
  }
}

function paint(
  document: PDFKit.PDFDocument,
  looks: Readonly<Record<string, string>>,
  { opacity = "1" }: Readonly<Record<string, string>>,
): void {
  const { fill = "black", stroke = "none" } = looks;
  const width = Number(looks["stroke-width"] ?? 1);
  const hasFill = isPaint(fill);
  const hasStroke = isPaint(stroke) && width > 0;
  if (hasFill) document.fillColor(fill, Number(opacity) * Number(looks["fill-opacity"] ?? 1));
  if (hasStroke) {
    document.strokeColor(stroke, Number(opacity) * Number(looks["stroke-opacity"] ?? 1)).lineWidth(width);
    document.miterLimit(Number(looks["stroke-miterlimit"] ?? 4));
    const dashes = (looks["stroke-dasharray"] ?? "").split(/[ ,]+/).map(Number);
    // The types know a single length; several are taken too.
    if (dashes[0]) document.dash(dashes as unknown as number, {});
  }
  if (hasFill && hasStroke) document.fillAndStroke();
  else if (hasFill) document.fill();
  else if (hasStroke) document.stroke();
  else document.fillColor("white", 0).fill();
}

function drawText(
  document: PDFKit.PDFDocument,
  looks: Readonly<Record<string, string>>,
  content: string,
): void {
  const isBold = looks["font-weight"] === "bold";
  const isItalic = looks["font-style"] === "italic";
  document.font(fontFile(isBold, isItalic)).fontSize(Number.parseFloat(looks["font-size"] ?? "11"));
  const width = document.widthOfString(content);
  const shift = { middle: width / 2, end: width }[looks["text-anchor"] ?? "start"] ?? 0;
  const { fill = "black", opacity = "1" } = looks;
  if (!isPaint(fill)) return;
  document.fillColor(fill, Number(opacity)).text(content, -shift, 0, {
    lineBreak: false,
    baseline: "alphabetic",
  });
}

/** Vega writes what is to be seen through as "transparent" or "none". */
function isPaint(color: string): boolean {
  return color !== "none" && color !== "transparent";
}

function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
