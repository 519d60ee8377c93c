/** An endcap in a module of its own, for tests. */
import { slice, type Tensor } from "../../src/tensor/index.ts";

export function firstOutput(prediction: Tensor): Tensor {
  return slice(prediction, 1, 0, 1);
}
