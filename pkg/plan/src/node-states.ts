/** What each node is to do: of one that is looked at whole among all nodes, of another among those. */
import type { Prefix } from '@weft/ip';
import { type ClusterResources, type ClusterSurroundings, stateReader } from '@weft/simulation';
import type { NodeState } from './comparison.ts';
import { tunneledBlocks, tunnelWays, withTunnelAddresses } from './tunnels.ts';

/** Sessions a simulation may have: each end takes some 7 KiB, and all a minute or two of a processor. */
export const MAX_SESSIONS = 30_000;

/** Computes the states, by name; undefined where they have too many sessions. */
export function nodeStates(
  resources: ClusterResources,
  surroundings: ClusterSurroundings,
  others: ReadonlySet<string>,
): Map<string, NodeState> | undefined {
  const complete = withTunnelAddresses(resources);
  const stateOf = stateReader(complete, surroundings);
  const tunneled = tunneledBlocks(complete);
  const whole = complete.nodes.filter(({ metadata }) => !others.has(metadata.name));
  const states = new Map<string, NodeState>();
  let ends = 0;
  for (const node of complete.nodes) {
    const isWhole = !others.has(node.metadata.name);
    const state = stateOf(node, isWhole ? complete.nodes : [...whole, node]);
    const { announcements, sessions, speaker } = state;
    ends += speaker.kind === 'bgp' ? speaker.config.peers.length : 0;
    if (ends > 2 * MAX_SESSIONS) return undefined;
    const ways = isWhole ? tunnelWays(state, tunneled) : new Map<Prefix, string>();
    states.set(node.metadata.name, { announcements, sessions, speaker, isWhole, tunnelWays: ways });
  }
  return states;
}
