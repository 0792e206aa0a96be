/**
 * The public API of @weft/simulation: a network of real speakers in one process, in virtual time.
 */
export {
  type ClusterResources,
  type ClusterSurroundings,
  clusterStates,
  stateReader,
} from './cluster.ts';
export {
  blockOf,
  type ClusterTopology,
  type GeneratedCluster,
  generateCluster,
  nodeName,
} from './generated-cluster.ts';
export type { Latency } from './links.ts';
export { encapsulatedPlaces } from './places.ts';
export { changeNode, startNode } from './simulated-cluster.ts';
export {
  type NetworkOptions,
  type NodeOptions,
  type QuietOptions,
  type RunResult,
  SimulatedNetwork,
} from './simulated-network.ts';
