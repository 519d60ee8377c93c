export { addFoldColumns } from "./add-fold-columns.ts";
export { isTemporary, removeTemporaryFiles, writeAtomically, writeText } from "./atomic-file.ts";
export * from "./augmentation/index.ts";
export type { CategoryMap } from "./categories.ts";
export { type ColumnKind, emptyTable, exactDoubles, kindOf } from "./column-kind.ts";
export * from "./column-origins.ts";
export * from "./column-store.ts";
export * from "./compute-columns.ts";
export { startDealtFoldThread } from "./dealt-fold-thread.ts";
export * from "./describe-table.ts";
export * from "./expand-names.ts";
export {
  checkExpression,
  deriveColumns,
  ExpressionError,
  evaluateExpression,
  type Span,
} from "./expression/index.ts";
export { withoutFeatures } from "./feature-choice.ts";
export * from "./file-fingerprint.ts";
export * from "./fitted-steps.ts";
export { FoldAssembly, type FoldWidths } from "./fold-assembly.ts";
export type { StoredDigests } from "./fold-digest.ts";
export {
  type DealtFormat,
  type DealtPiece,
  type FoldEvents,
  type FoldFileContent,
  type FoldFileHeader,
  type FoldFormat,
  type StoredFoldFileHeader,
  writeDealtFolds,
  writeFoldFile,
  writeFolds,
} from "./fold-file.ts";
export { checkOrigin, type FoldOrigin } from "./fold-origin.ts";
export type { FoldRule } from "./fold-rule.ts";
export type { FoldTransform, FoldTransformContext, LoadedTransform } from "./fold-transforms.ts";
export * from "./fold-yielder.ts";
export * from "./folds.ts";
export * from "./gaps.ts";
export * from "./hep-aug-fold-yielder.ts";
export * from "./join-tables.ts";
export * from "./make-fold-files.ts";
export { type MatrixInputs, type MatrixLayoutOptions, matrixLayout, tensorLayout } from "./matrix-inputs.ts";
export * from "./number-text.ts";
export * from "./object-matrices.ts";
export * from "./pipeline.ts";
export type { PrincipalComponents } from "./principal-components.ts";
export * from "./read-table.ts";
export * from "./refold.ts";
export * from "./root/index.ts";
export type { Scaler, Scaling } from "./scaler.ts";
export * from "./scan-table.ts";
export type { StoredFold } from "./stored-fold.ts";
export type { StoredFolds, StoredFoldsOptions } from "./stored-folds.ts";
export * from "./subsample-events.ts";
export * from "./table.ts";
export { chainScans, evenPieces, rowsOfPieces, type TableScan } from "./table-scan.ts";
export * from "./table-source.ts";
export * from "./targets.ts";
export * from "./training-weights.ts";
export * from "./transforms.ts";
export * from "./user-module.ts";
export * from "./write-table.ts";
