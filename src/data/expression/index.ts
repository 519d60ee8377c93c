export { type ColumnKinds, columnKinds, compileExpression } from "./compile.ts";
export { checkExpression, deriveColumns, evaluateExpression, inColumn, nameTaken } from "./derive-columns.ts";
export { ExpressionError, type Span } from "./expression-error.ts";
export { columnsOfScalar, type Operation, type Scalar } from "./scalar.ts";
