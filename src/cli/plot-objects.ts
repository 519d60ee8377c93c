/** Objects of events for displays: momenta from the columns of a prefix. */
import { ConfigurationError } from "../errors/index.ts";
import type { DisplayedEvent, EventParticle } from "../plot/index.ts";
import { type PlotEvents, type PlotOptions, valuesOf } from "./plot-options.ts";

/** Spellings of the components behind a prefix. */
const spellings = {
  px: ["_px"],
  py: ["_py"],
  pz: ["_pz"],
  pt: ["_pt", "_pT", ""],
  eta: ["_eta"],
  phi: ["_phi"],
} as const;

/** "lepton=PRI_lep": what it is called, and the start of its columns' names; the same without a name. */
export function objectsOf({
  objects = [],
}: PlotOptions): { readonly name: string; readonly prefix: string }[] {
  if (objects.length === 0) {
    throw new ConfigurationError(
      "plot events: --objects names the objects by the start of their columns, such as --objects lepton=PRI_lep jet=PRI_jet_leading; it is missing.",
    );
  }
  return objects.map((word) => {
    const at = word.indexOf("=");
    return { name: at < 0 ? word : word.slice(0, at), prefix: word.slice(at + 1) };
  });
}

/** The events of the chosen rows, counted from 1. */
export function displayedEvents(events: PlotEvents, options: PlotOptions): readonly DisplayedEvent[] {
  const { rows = [1] } = options;
  const { rowCount } = events.table;
  const outside = rows.find((row) => row > rowCount);
  if (outside !== undefined) {
    throw new ConfigurationError(
      `plot events: --rows ${outside}: there are ${rowCount} events, counted from 1.`,
    );
  }
  const objects = objectsOf(options).map((object) => ({
    ...object,
    momentum: momentumOf(events, object.prefix, options),
  }));
  return rows.map((row) => ({
    label: `event ${row}`,
    particles: objects.flatMap(({ name, momentum }): EventParticle[] => {
      const [px, py, pz] = momentum(row - 1);
      if (!Number.isFinite(px + py)) return [];
      return [Number.isFinite(pz) ? { name, px, py, pz } : { name, px, py }];
    }),
  }));
}

type Momentum = (event: number) => readonly [px: number, py: number, pz: number];

function momentumOf(events: PlotEvents, prefix: string, options: PlotOptions): Momentum {
  const columns = new Map(
    Object.entries(spellings).flatMap(([component, endings]) => {
      const name = endings
        .map((ending) => prefix + ending)
        .find((each) => Object.hasOwn(events.table.columns, each));
      return name === undefined ? [] : [[component, valuesOf(events, name, options)] as const];
    }),
  );
  const at =
    (component: string) =>
    (event: number): number =>
      columns.get(component)?.[event] ?? Number.NaN;
  const [px, py, pz, pt, eta, phi] = ["px", "py", "pz", "pt", "eta", "phi"].map(at) as [
    ReturnType<typeof at>,
    ReturnType<typeof at>,
    ReturnType<typeof at>,
    ReturnType<typeof at>,
    ReturnType<typeof at>,
    ReturnType<typeof at>,
  ];
  if (columns.has("px") && columns.has("py")) return (event) => [px(event), py(event), pz(event)];
  if (columns.has("pt") && columns.has("phi")) {
    return (event) => [
      pt(event) * Math.cos(phi(event)),
      pt(event) * Math.sin(phi(event)),
      pt(event) * Math.sinh(eta(event)),
    ];
  }
  throw new ConfigurationError(
    `plot events: --objects "${prefix}": the columns ${prefix}_px and ${prefix}_py, or ${prefix}_pt and ${prefix}_phi, were expected; there are ${
      Object.keys(events.table.columns)
        .filter((name) => name.startsWith(prefix))
        .join(", ") || "none of that start"
    }.`,
  );
}
