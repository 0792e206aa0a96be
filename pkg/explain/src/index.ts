/** Why a route is (not) there: the chain from the pool to the kernel, out of the datastore and what the nodes say. */
export { explainFrom } from './chain.ts';
export type { Answer, Chain, Hop, Stage, Verdict } from './hop.ts';
export { type ExplainInput, type NodeAnswer, type Snapshot, workloadName } from './input.ts';
export { explainPeer, type OtherEnd, type PeerChain } from './peer.ts';
