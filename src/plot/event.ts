/** Event displays: the momenta of events in three projections. */
import { counted, DataError } from "../errors/index.ts";
import { framed, frameSize } from "./frame.ts";
import { type LegendEntry, rowHeight } from "./legend.ts";
import { type Box, panel } from "./panel.ts";
import { fontSizesOf, lookOf, type PlotSettings } from "./settings.ts";
import type { Layer, LayerGroup, PlotSpec } from "./spec.ts";
import { type Axis, channel, linearAxis } from "./ticks.ts";

/** A reconstructed object by its momentum in GeV. */
export interface EventParticle {
  /** What it is ("jet", "muon", "missing"): objects of one name have one colour; `settings.samples` gives it. */
  readonly name: string;
  readonly px: number;
  readonly py: number;
  /** Absent or NaN where only the transverse momentum is known: missing momentum. */
  readonly pz?: number;
}

/** An event by its objects. */
export interface DisplayedEvent {
  /** Shown at its row. */
  readonly label?: string;
  readonly particles: readonly EventParticle[];
}

/**
 * A row for each event: the momenta seen along the beam (p_x, p_y), from the side (p_z, p_y), and in the plane of
 * pseudorapidity and azimuth, where areas are proportional to p_T. Dashed lines have no known p_z.
 *
 * @throws DataError for no event, or one without a particle of finite momentum.
 * @example
 * plotEvents([{ label: "event 17", particles: [{ name: "muon", px: 31, py: -4, pz: 12 }] }])
 */
export function plotEvents(events: readonly DisplayedEvent[], settings: PlotSettings = {}): PlotSpec {
  if (events.length === 0) {
    throw new DataError("plotEvents: at least one event was expected, but the list is empty.");
  }
  const known = events.map(({ particles }, i) => {
    const finite = particles.filter(({ px, py }) => Number.isFinite(px) && Number.isFinite(py));
    if (finite.some(({ px, py }) => Math.hypot(px, py) > 0)) return finite;
    throw new DataError(
      `plotEvents: event ${i} should have an object with a finite transverse momentum, but has none among ${counted(particles.length, "object")}.`,
    );
  });
  const names = [...new Set(known.flat().map(({ name }) => name))];
  const looks = new Map(names.map((name, i) => [name, lookOf(name, i, settings)]));
  const sizes = fontSizesOf(settings);
  const legendHeight = rowHeight(sizes.legend) + 16;
  const width = settings.width ?? 900;
  // Three square panels with room for their labels.
  const cell = (width - 40) / 3;
  const side = cell - 52;
  const row = side + 56;
  const bare: Axis = { ...linearAxis("", 0, 1), major: [], minor: [], labels: [] };
  const above = frameSize(bare, undefined, settings).padding.top;
  const panels = known.flatMap((particles, event): (Layer | LayerGroup)[] => {
    const top = legendHeight + 22 + event * row;
    const box = (column: number): Box => {
      const left = column * cell + 16;
      return { left, right: left + side, top, bottom: top + side };
    };
    const drawn = particles.map((particle): Drawn => {
      const { px, py, pz = Number.NaN, name } = particle;
      const pt = Math.hypot(px, py);
      const hasZ = Number.isFinite(pz);
      const { colour, name: shown } = looks.get(name)!;
      return {
        ...{ name: shown, px, py, pz: hasZ ? pz : null, pt, zero: 0, colour, hasZ },
        eta: hasZ ? Math.asinh(pz / pt) : null,
        phi: Math.atan2(py, px),
      };
    });
    const label = events[event]!.label;
    const name = `event ${event}`;
    return [
      ...momenta(`${name} xy`, drawn, ["px", "py"], box(0), label, settings),
      ...momenta(`${name} zy`, drawn, ["pz", "py"], box(1), undefined, settings),
      ...directions(`${name} directions`, drawn, box(2), settings),
    ];
  });
  const legend = names.map((name): LegendEntry => {
    const look = looks.get(name)!;
    return { label: look.name, sample: "line", colour: look.colour, width: 3 };
  });
  return framed(
    {
      description: `${counted(events.length, "event")} in three projections`,
      ...{ x: bare, y: bare, layers: [], isBare: true, over: panels },
      ...{ legend, legendCorner: "topLeft", legendColumns: legend.length },
    },
    // The last row's title of the axis stands in the room that a frame leaves below itself.
    { ...settings, width, height: settings.height ?? above + legendHeight + events.length * row + 6 },
  );
}

interface Drawn {
  readonly [column: string]: number | string | boolean | null;
  readonly name: string;
  readonly px: number;
  readonly py: number;
  readonly pz: number | null;
  readonly pt: number;
  readonly eta: number | null;
  readonly phi: number;
  readonly colour: string;
  readonly hasZ: boolean;
}

const titles = { px: "p_x", py: "p_y", pz: "p_z" } as const;

/** Momenta as lines from the origin, on the same scale along both axes. */
function momenta(
  name: string,
  particles: readonly Drawn[],
  [across, up]: readonly ["px" | "pz", "py"],
  box: Box,
  label: string | undefined,
  settings: PlotSettings,
): (Layer | LayerGroup)[] {
  const shown = particles.filter((particle) => particle[across] !== null);
  const reach = 1.08 * Math.max(...shown.flatMap((p) => [Math.abs(p[across]!), Math.abs(p[up])]), 1e-9);
  const x = linearAxis(`${titles[across]} [GeV]`, -reach, reach, 4);
  const y = linearAxis(`${label ? `${label}: ` : ""}${titles[up]} [GeV]`, -reach, reach, 4);
  const draw = ([h, v]: readonly [Axis, Axis]): Layer[] => [
    ...crossHairs(name, h, v),
    ...[true, false].flatMap((hasZ): Layer[] => {
      const values = shown.filter((particle) => particle.hasZ === hasZ).map(rowOf);
      return values.length === 0
        ? []
        : [
            {
              name: `${name} momenta${hasZ ? "" : " without p_z"}`,
              data: { values },
              mark: { type: "rule", strokeWidth: 2.5, ...(hasZ ? {} : { strokeDash: [6, 4] }) },
              encoding: {
                ...{ x: channel("zero", h), x2: { field: across }, y: channel("zero", v), y2: { field: up } },
                color: { field: "colour", type: "nominal", scale: null },
              },
            },
          ];
    }),
  ];
  return panel(name, box, [x, y], draw, settings);
}

/** Pseudorapidity against azimuth, areas by transverse momentum. */
function directions(
  name: string,
  particles: readonly Drawn[],
  box: Box,
  settings: PlotSettings,
): (Layer | LayerGroup)[] {
  const reach = Math.max(3, ...particles.map(({ eta }) => Math.abs(eta ?? 0) * 1.1));
  const x = linearAxis("η", -reach, reach, 5);
  const y: Axis = {
    ...linearAxis("φ [rad]; areas: p_T", -Math.PI, Math.PI),
    major: [-Math.PI, -Math.PI / 2, 0, Math.PI / 2, Math.PI],
    labels: ["−π", "−π/2", "0", "π/2", "π"],
    minor: [],
  };
  const greatest = Math.max(...particles.map(({ pt }) => pt));
  const draw = ([h, v]: readonly [Axis, Axis]): Layer[] => {
    const ink = { color: { field: "colour", type: "nominal", scale: null } };
    const known = particles.filter(({ hasZ }) => hasZ);
    const unknown = particles.filter(({ hasZ }) => !hasZ);
    return [
      ...crossHairs(name, h, v),
      ...(unknown.length > 0
        ? [
            {
              name: `${name} without p_z`,
              data: { values: unknown.map((p) => ({ ...rowOf(p), low: h.domain[0], high: h.domain[1] })) },
              mark: { type: "rule", strokeWidth: 2, strokeDash: [6, 4] },
              encoding: { x: channel("low", h), x2: { field: "high" }, y: channel("phi", v), ...ink },
            } satisfies Layer,
          ]
        : []),
      {
        name,
        data: { values: known.map((p) => ({ ...rowOf(p), area: Math.max(12, (600 * p.pt) / greatest) })) },
        mark: { type: "point", filled: true, opacity: 0.75, clip: true },
        encoding: {
          ...{ x: channel("eta", h), y: channel("phi", v), ...ink },
          size: { field: "area", type: "quantitative", scale: null },
        },
      },
    ];
  };
  return panel(name, box, [x, y], draw, settings);
}

function crossHairs(name: string, x: Axis, y: Axis): Layer[] {
  const mark = { type: "rule", color: "#d0d3d8", strokeWidth: 1 } as const;
  return [
    {
      name: `${name} horizontal`,
      data: { values: [{ zero: 0, low: x.domain[0], high: x.domain[1] }] },
      mark,
      encoding: { x: channel("low", x), x2: { field: "high" }, y: channel("zero", y) },
    },
    {
      name: `${name} vertical`,
      data: { values: [{ zero: 0, low: y.domain[0], high: y.domain[1] }] },
      mark,
      encoding: { x: channel("zero", x), y: channel("low", y), y2: { field: "high" } },
    },
  ];
}

/** The columns of a particle that a picture holds. */
function rowOf({ name, px, py, pz, pt, eta, phi, colour }: Drawn): Record<string, number | string | null> {
  return { name, px, py, pz, pt, eta, phi, colour, zero: 0 };
}
