/** The steps from a plain network to the full recipe, each a change of the one before. */

/**
 * @typedef {object} Recipe
 * @property {number} members networks of an ensemble
 * @property {boolean} embedding the number of jets as categories with learnt vectors, not as a number
 * @property {"none" | "training" | "both"} augmentation events turned at random: never, in training, in prediction too
 * @property {object} body hidden layers
 * @property {(epochs: number) => object[]} schedule callbacks that rule the learning rate
 */

import { cyclic, fullyConnected, oneCycle } from "lumin-hep";

/**
 * The recipes by name, in the order in which they build on each other.
 *
 * @param {{ members: number }} options
 * @returns {readonly (Recipe & { name: string })[]}
 */
export function steps({ members }) {
  const start = {
    members: 1,
    embedding: false,
    augmentation: "none",
    body: fullyConnected({ depth: 4, width: 100, activation: "relu" }),
    schedule: () => [],
  };
  const changes = [
    ["ReLU network", {}],
    ["ensemble", { members }],
    ["embedding", { embedding: true }],
    ["Swish", { body: fullyConnected({ depth: 4, width: 100, activation: "swish" }) }],
    [
      "cosine restarts",
      // One, two and four parts of the training.
      {
        schedule: (epochs) => [
          cyclic({ learningRates: [0, 2e-3], length: epochs / 7, multiplier: 2, interpolation: "cosine" }),
        ],
      },
    ],
    ["augmentation", { augmentation: "training" }],
    ["… in prediction too", { augmentation: "both" }],
    ["one-cycle", { schedule: () => [oneCycle({ learningRates: [1e-4, 1e-2, 0] })] }],
    [
      "dense network",
      { body: fullyConnected({ depth: 6, width: 33, activation: "swish", connect: "dense" }) },
    ],
  ];
  let recipe = start;
  return changes.map(([name, change]) => {
    recipe = { ...recipe, ...change };
    return { name, ...recipe };
  });
}
