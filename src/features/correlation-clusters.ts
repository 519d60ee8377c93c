/** Hierarchical clusters of features that are monotone functions of each other, nearly. */
import { agnes, type Cluster } from "ml-hclust";

/** A node of a dendrogram: a feature, or two nodes that were joined. */
export interface DendrogramNode {
  /** Distance 1 − |ρ| at which the two were joined; 0 for a feature. */
  readonly height: number;
  /** Position of the feature; absent in joined nodes. */
  readonly feature?: number;
  readonly children: readonly DendrogramNode[];
}

/** A dendrogram with the clusters below a threshold. */
export interface CorrelationClusters {
  readonly root: DendrogramNode;
  /** Features from top to bottom, so that no branches cross. */
  readonly order: readonly number[];
  /** Clusters of two features or more that are joined below 1 − threshold. */
  readonly clusters: readonly { readonly features: readonly number[]; readonly height: number }[];
}

/**
 * Clusters features by the distance 1 − |ρ| (rounded to four decimals) with average linkage: the distance of two
 * clusters is the mean distance of their features (UPGMA). Undefined correlations count as none.
 *
 * @param correlation `[features, features]`, as `rankCorrelation` gives it.
 * @param threshold |ρ| above which features belong together. Default 0.8.
 * @example
 * correlationClusters(rankCorrelation([[1, 2, 3], [1, 8, 27], [1, 3, 1]]), 3).clusters[0]?.features // [0, 1]
 */
export function correlationClusters(
  correlation: Float64Array,
  featureCount: number,
  threshold: number = 0.8,
): CorrelationClusters {
  if (featureCount === 1) {
    return { root: { height: 0, feature: 0, children: [] }, order: [0], clusters: [] };
  }
  const distances = Array.from({ length: featureCount }, (_, i) =>
    Array.from({ length: featureCount }, (_, j) =>
      i === j ? 0 : distanceOf(correlation[i * featureCount + j]!),
    ),
  );
  const root = nodeOf(agnes(distances, { method: "average", isDistanceMatrix: true }));
  return { root, order: featuresOf(root), clusters: clustersBelow(root, 1 - threshold) };
}

function distanceOf(rho: number): number {
  return Number.isNaN(rho) ? 1 : Math.round((1 - Math.abs(rho)) * 1e4) / 1e4;
}

/** Nodes with the branch that holds the first feature on top: the same for any order of joining. */
function nodeOf(cluster: Cluster): DendrogramNode {
  if (cluster.isLeaf) return { height: 0, feature: cluster.index, children: [] };
  const children = cluster.children.map(nodeOf);
  children.sort((a, b) => Math.min(...featuresOf(a)) - Math.min(...featuresOf(b)));
  return { height: cluster.height, children };
}

function featuresOf({ feature, children }: DendrogramNode): number[] {
  return feature === undefined ? children.flatMap(featuresOf) : [feature];
}

function clustersBelow(node: DendrogramNode, height: number): CorrelationClusters["clusters"] {
  if (node.children.length === 0) return [];
  if (node.height < height)
    return [{ features: featuresOf(node).sort((a, b) => a - b), height: node.height }];
  return node.children.flatMap((child) => clustersBelow(child, height));
}
