/**
 * Nodes of a cluster in a simulated network, as weftd would run them there.
 */
import type { DesiredState } from '@weft/calc';
import { type Node, nodeAddresses } from '@weft/resources';
import type { NodeOptions, SimulatedNetwork } from './simulated-network.ts';

/** Starts a node with what was calculated for it; a node without BGP is none of the network. */
export function startNode(
  network: SimulatedNetwork,
  node: Node,
  { announcements, speaker }: Pick<DesiredState, 'announcements' | 'speaker'>,
  options: NodeOptions = {},
): void {
  if (speaker.kind === 'no-bgp') return;
  const { name } = node.metadata;
  network.add(name, speaker.config, nodeAddresses(node), options);
  network.announce(name, announcements);
}

/** Gives a node that runs what was calculated for it after a change. */
export function changeNode(
  network: SimulatedNetwork,
  name: string,
  after: Pick<DesiredState, 'announcements' | 'speaker'>,
): void {
  const { announcements, speaker } = after;
  // weftd falls silent in the same way: its speaker stays, without peers and routes.
  const { config } = network.speaker(name);
  network.configure(name, speaker.kind === 'bgp' ? speaker.config : { ...config, peers: [] });
  network.announce(name, speaker.kind === 'bgp' ? announcements : []);
}
