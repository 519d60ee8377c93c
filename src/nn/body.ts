/** Bodies: the hidden layers between head and tail. */
import type { Tensor } from "../tensor/index.ts";
import type { HeadOutput } from "./feature-columns.ts";
import { applyFullyConnected, checkFullyConnected, type FullyConnectedSpec } from "./fully-connected.ts";
import { applyMultiBlock, checkMultiBlock, type MultiBlockSpec } from "./multi-block.ts";
import type { Scope } from "./scope.ts";

/** A body without layers: the tail sees what leaves the head. */
export interface IdentitySpec {
  readonly kind: "identity";
}

/** A body's description: plain data that travels to worker processes. */
export type BodySpec = FullyConnectedSpec | MultiBlockSpec | IdentitySpec;

/** No hidden layers: with the usual tail, a linear or logistic regression on what leaves the head. */
export function identityBody(): IdentitySpec {
  return { kind: "identity" };
}

/** Traces the body on what leaves a head: [events, features for the tail]. */
export function applyBody(scope: Scope, head: HeadOutput, body: BodySpec): Tensor {
  switch (body.kind) {
    case "fullyConnected":
      return applyFullyConnected(scope, head.values, body);
    case "multiBlock":
      return applyMultiBlock(scope, head, body);
    case "identity":
      return head.values;
  }
}

/** @throws ConfigurationError for a body that cannot be built. */
export function checkBody(body: BodySpec): void {
  switch (body.kind) {
    case "fullyConnected":
      checkFullyConnected(body);
      return;
    case "multiBlock":
      checkMultiBlock(body);
      return;
    case "identity":
      return;
  }
}
