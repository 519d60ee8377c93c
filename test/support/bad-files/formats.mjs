/** Of each format that is read: intact files, how they are read, and whether a flipped byte must be noticed. */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { Stream } from "../../../dist/array/index.js";
import {
  FoldYielder,
  isRagged,
  openRootFile,
  readTable,
  writeFoldFile,
  writeTable,
} from "../../../dist/data/index.js";
import { encodeModel } from "../../../dist/engine/onnx-messages.js";
import { Ensemble, ForeignModel, TreeModel } from "../../../dist/ensemble/index.js";
import { Model, ModelBuilder } from "../../../dist/model/index.js";
import { fullyConnected } from "../../../dist/nn/index.js";
import { trainForest } from "../../../dist/trees/index.js";

const data = join(import.meta.dirname, "../../data");
const golden = join(import.meta.dirname, "../../golden");
const random = new Stream(1, "bad files");

/** Some events with every type of column. */
const count = 400;
const table = {
  rowCount: count,
  columns: {
    event: BigInt64Array.from({ length: count }, (_, i) => 2n ** 60n + BigInt(i)),
    jets: Int32Array.from({ length: count }, () => random.integer(5)),
    pt: Float64Array.from({ length: count }, () => 20 + 10 * random.normal()),
    eta: Float32Array.from({ length: count }, () => random.normal()),
    label: Array.from({ length: count }, (_, i) => (i % 2 ? "signal" : "background")),
  },
};
const rows = Array.from({ length: count }, (_, i) =>
  Object.fromEntries(
    Object.entries(table.columns).map(([name, column]) => [
      name,
      typeof column[i] === "bigint" ? Number(column[i] - 2n ** 60n) : column[i],
    ]),
  ),
);
const text = (separator) =>
  [
    Object.keys(table.columns).join(separator),
    ...rows.map((row) => Object.values(row).join(separator)),
    "",
  ].join("\n");

/** How many rows there are, and a digest of names, types and values. */
function summary(columns, rowCount) {
  const hash = createHash("sha1");
  for (const [name, column] of Object.entries(columns)) {
    hash.update(`${name} ${column.constructor.name} ${column.length} `);
    hash.update(Array.isArray(column) ? column.join("\0") : bytesOf(column));
  }
  return { count: rowCount, digest: hash.digest("hex") };
}

const bytesOf = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);

/** A table in one file. */
const tableFile = (name, make, traits) => ({
  files: [name],
  make: (folder) => make(join(folder, name)),
  read: async (folder) => {
    const { columns, rowCount } = await readTable([join(folder, name)]);
    return summary(columns, rowCount);
  },
  ...traits,
});

/** Every readable column of a file of ROOT, but those that are `unprotected`. */
const rootFile = (name, { unprotected, ...traits } = {}) => ({
  files: [name],
  make: (folder) => cpSync(join(data, "root", name), join(folder, name)),
  read: async (folder) => {
    const events = await (await openRootFile(join(folder, name))).events();
    const columns = {};
    for (const { name, shape } of events.columns) {
      if (shape === "unreadable" || unprotected?.test(name)) continue;
      const column = await events.read(name);
      if (!isRagged(column)) columns[name] = column;
      else [columns[name], columns[`${name}[]`]] = [column.values, column.offsets];
    }
    return summary(columns, events.eventCount);
  },
  ...traits,
});

async function readFolds(path, options) {
  const folds = await FoldYielder.open(path, options);
  try {
    const columns = {
      names: [...folds.features, ...folds.targetFeatures, String(folds.weightFeature)],
      scaler: Float64Array.from([
        ...(folds.scaler?.means ?? []),
        ...(folds.scaler?.standardDeviations ?? []),
        ...folds.categorySizes,
      ]),
    };
    for (let i = 0; i < folds.foldCount; i++) {
      const { inputs, targets, weights } = folds.getFold(i);
      Object.assign(columns, { [`inputs ${i}`]: inputs, [`targets ${i}`]: targets });
      if (weights) columns[`weights ${i}`] = weights;
      for (const name of folds.columnNames) columns[`${name} ${i}`] = folds.getColumn(name, i);
    }
    return summary(
      columns,
      folds.foldSizes.reduce((sum, size) => sum + size, 0),
    );
  } finally {
    folds.close();
  }
}

const builder = new ModelBuilder({
  task: { kind: "binary" },
  features: { continuousFeatures: ["a", "b", "c"], categoricalFeatures: [], categorySizes: [] },
  body: fullyConnected({ depth: 2, width: 5, activation: "swish" }),
});
const network = Model.fresh(builder, 1);
const inputs = Float32Array.from({ length: 60 }, () => random.normal());

function forest() {
  const columns = Array.from({ length: 3 }, () => Float32Array.from({ length: 200 }, () => random.normal()));
  const targets = Float64Array.from(columns[0], (x, i) => (x * columns[1][i] > 0 ? 1 : 0));
  return new TreeModel(trainForest({ columns, targets }, { task: "binary", trees: 3, seed: 1 }).model);
}

/**
 * By name: `files` that are damaged one after the other, `make(folder)`, `read(folder)`, and
 * - `checked`: the format carries checksums of everything, or we do: no byte may change unnoticed;
 * - `open`: the format does not say how long it is: what was cut off cannot be known.
 */
export const formats = {
  "TTree, zlib": rootFile("uproot-Zmumu-zlib.root", { checked: true }),
  "TTree, zlib, arrays": rootFile("uproot-small-flat-tree.root", { checked: true }),
  // What LZ4 did not make smaller is stored as it is, and without a checksum.
  "TTree, LZ4": rootFile("uproot-HZZ-lz4.root", { checked: true, unprotected: /^(MET|Muon)_/ }),
  "TTree, LZMA": rootFile("uproot-Zmumu-lzma.root", { checked: true }),
  "TTree, ZSTD": rootFile("uproot-Zmumu-zstd.root"),
  "TTree, uncompressed": rootFile("uproot-Zmumu-uncompressed.root"),
  RNTuple: rootFile("Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root", { checked: true }),
  "RNTuple of several clusters": rootFile("test_multiple_cluster_groups_rntuple_v1-0-0-0.root", {
    checked: true,
  }),
  "HDF5 table": tableFile("events.h5", (path) => writeTable(path, table)),
  "fold file": {
    files: ["folds.h5"],
    make: (folder) =>
      writeFoldFile(join(folder, "folds.h5"), {
        continuousFeatures: ["pt", "eta"],
        categoricalFeatures: ["jets"],
        categories: [{ name: "jets", values: [0, 1, 2, 3, 4] }],
        targetFeatures: ["target"],
        weightFeature: "weight",
        scaler: { means: [20, 0], standardDeviations: [10, 1] },
        folds: [0, 1, 2].map((fold) => Int32Array.from({ length: 100 }, (_, i) => 100 * fold + i)),
        features: Float32Array.from({ length: 3 * count }, (_, i) =>
          i % 3 < 2 ? random.normal() : random.integer(5),
        ),
        targets: Float32Array.from({ length: count }, (_, i) => i % 2),
        weights: Float32Array.from({ length: count }, () => random.uniform()),
        columns: { event: table.columns.event, label: table.columns.label },
      }),
    read: (folder) => readFolds(join(folder, "folds.h5")),
    checked: true,
  },
  "Python LUMIN's fold file": {
    files: ["python.h5"],
    make: (folder) => cpSync(join(golden, "python-lumin-matrix.hdf5"), join(folder, "python.h5")),
    read: (folder) => readFolds(join(folder, "python.h5"), { matrix: true }),
  },
  CSV: tableFile("events.csv", (path) => writeFileSync(path, text(",")), { open: true }),
  "CSV, gzip": tableFile("events.csv.gz", (path) => writeFileSync(path, gzipSync(text(","))), {
    checked: true,
  }),
  TSV: tableFile("events.tsv", (path) => writeFileSync(path, text("\t")), { open: true }),
  JSON: tableFile("events.json", (path) => writeFileSync(path, JSON.stringify(rows))),
  "JSON lines": tableFile(
    "events.jsonl",
    (path) => writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join("")),
    { open: true },
  ),
  Parquet: tableFile("events.parquet", (path) => writeTable(path, table)),
  NPY: tableFile("matrix.npy", (path) => writeFileSync(path, npy("<f8", [count], table.columns.pt))),
  NPZ: tableFile(
    "columns.npz",
    (path) =>
      writeFileSync(
        path,
        zipSync({
          "pt.npy": npy("<f8", [count], table.columns.pt),
          "event.npy": npy("<i8", [count], table.columns.event),
          "jets.npy": npy("<i4", [count], table.columns.jets),
        }),
      ),
    { checked: true },
  ),
  "model folder": {
    files: ["model.json", "model.safetensors"],
    make: (folder) => network.save(folder),
    read: async (folder) => predictions(await Model.load(folder)),
  },
  ONNX: {
    files: ["foreign/model.onnx", "foreign/foreign.json"],
    make: (folder) => makeForeign(join(folder, "foreign")),
    read: async (folder) => predictions(await ForeignModel.load(join(folder, "foreign"))),
  },
  "ONNX alone": {
    files: ["foreign/model.onnx"],
    make: (folder) => makeForeign(join(folder, "foreign")),
    read: async (folder) =>
      predictions(await ForeignModel.open(join(folder, "foreign/model.onnx"), foreignOptions)),
  },
  "ensemble JSON": {
    files: ["ensemble.json"],
    make: (folder) =>
      new Ensemble([
        { member: 0, model: network, weight: 0.6, validationLoss: 1, validationFold: 0 },
        { member: 1, model: Model.fresh(builder, 2), weight: 0.4, validationLoss: 1.5, validationFold: 1 },
      ]).save(folder),
    read: async (folder) => predictions(await Ensemble.load(folder)),
  },
  "tree JSON": {
    files: ["trees.json"],
    make: (folder) => forest().save(folder),
    read: async (folder) => predictions(await TreeModel.load(folder)),
  },
};

/** y = x · w, as another program might write it. */
function makeForeign(folder) {
  mkdirSync(folder, { recursive: true });
  const value = (name, columns) => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: "N" }, { dimValue: columns }] } } },
  });
  const bytes = encodeModel({
    name: "foreign",
    node: [{ name: "product", opType: "MatMul", input: ["x", "w"], output: ["y"], attribute: [] }],
    initializer: [
      { name: "w", dims: [3, 2], dataType: 1, rawData: bytesOf(Float32Array.of(1, -1, 0.5, 2, 3, -2)) },
    ],
    input: [value("x", 3)],
    output: [value("y", 2)],
  });
  writeFileSync(join(folder, "model.onnx"), bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  writeFileSync(
    join(folder, "foreign.json"),
    `${JSON.stringify({ format: "lumin foreign model", sha256, options: foreignOptions }, null, 2)}\n`,
  );
}

const foreignOptions = { features: ["a", "b", "c"], activation: "none" };

async function predictions(model) {
  try {
    const values = await model.predict(inputs, 20);
    return summary({ values }, values.length);
  } finally {
    await model.release?.();
  }
}

/** An array in NumPy's format, version 1. */
function npy(descr, shape, values) {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const padded = `${header.padEnd(64 * Math.ceil((header.length + 11) / 64) - 11)}\n`;
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    Buffer.from(Uint16Array.of(padded.length).buffer),
    Buffer.from(padded),
    bytesOf(values),
  ]);
}
