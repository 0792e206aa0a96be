/** What is explained from: the datastore as it is now, and what the nodes said. */
import type { NodeExplanation } from '@weft/control';
import { type Address, isHostPrefix, networkAddress, type Prefix } from '@weft/ip';
import type { BlockAffinity, IPAMBlock, IPPool, Node, WorkloadEndpoint } from '@weft/resources';

/** The resources that say who has an address, and who owns its block. */
export interface Snapshot {
  readonly nodes: readonly Node[];
  readonly pools: readonly IPPool[];
  readonly blocks: readonly IPAMBlock[];
  readonly affinities: readonly BlockAffinity[];
  readonly workloads: readonly WorkloadEndpoint[];
}

/** What one daemon said, or why it was not asked. */
export type NodeAnswer =
  | { readonly kind: 'answered'; readonly explanation: NodeExplanation }
  | { readonly kind: 'not-asked'; readonly reason: string };

/** Everything about one destination. */
export interface ExplainInput {
  /** An address as its prefix of full length. */
  readonly destination: Prefix;
  readonly snapshot: Snapshot;
  /** By the name of the node, or of the reflector. */
  readonly answers: ReadonlyMap<string, NodeAnswer>;
}

/** The answer of a node; that it was not asked when nothing is known of it. */
export function answerOf({ answers }: ExplainInput, node: string): NodeAnswer {
  return answers.get(node) ?? { kind: 'not-asked', reason: 'its daemon cannot be asked from here' };
}

/** What a node said; undefined when it was not asked. */
export function explanationOf(input: ExplainInput, node: string): NodeExplanation | undefined {
  const answer = answerOf(input, node);
  return answer.kind === 'answered' ? answer.explanation : undefined;
}

/** The address that is asked about; undefined for a prefix. */
export function addressOf({ destination }: Pick<ExplainInput, 'destination'>): Address | undefined {
  return isHostPrefix(destination) ? networkAddress(destination) : undefined;
}

/** As people write it: an address without its length. */
export function destinationText(input: Pick<ExplainInput, 'destination'>): string {
  return addressOf(input) ?? input.destination;
}

/** `namespace/pod`, as people call a workload. */
export function workloadName({ metadata, spec }: WorkloadEndpoint): string {
  return `${metadata.namespace ?? 'default'}/${spec.pod ?? spec.workload ?? metadata.name}`;
}
