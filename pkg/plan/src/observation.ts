/**
 * What can be seen of a network at rest: which sessions are up, which routes each node has, what each peer outside was told.
 * Routes of tunnels are beside it: they take the place of what BGP knows of their blocks, as in weftd.
 */
import type { Address, Prefix } from '@weft/ip';
import type { SimulatedNetwork } from '@weft/simulation';
import type { NodeState } from './comparison.ts';

/** The session of one speaker with one address. */
export interface SeenSession {
  readonly established: boolean;
  /** How often it came up. */
  readonly times: number;
  readonly lastError?: string | undefined;
}

/** One speaker. */
export interface SeenSpeaker {
  readonly sessions: ReadonlyMap<Address, SeenSession>;
  /** Routes to what others have, with their next hops, or the tunnel they go by. */
  readonly routes: ReadonlyMap<Prefix, string>;
}

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;

/** Looks at every speaker. */
export function observe(
  network: SimulatedNetwork,
  states: ReadonlyMap<string, NodeState>,
): Map<string, SeenSpeaker> {
  return new Map(
    network.names.map((name) => [name, observeSpeaker(network, name, states.get(name)?.tunnelWays)]),
  );
}

function observeSpeaker(
  network: SimulatedNetwork,
  name: string,
  tunnelWays: NodeState['tunnelWays'] = new Map(),
): SeenSpeaker {
  const speaker = network.speaker(name);
  const routes = new Map<Prefix, string>();
  for (const family of FAMILIES)
    for (const { best, prefix } of speaker.locRib(family))
      if (best !== undefined && best.source !== 'local')
        routes.set(prefix, best.nextHops.map(({ address }) => address).join(' '));
  for (const [prefix, way] of tunnelWays) routes.set(prefix, way);
  const sessions = speaker.status().map(({ address, establishedCount, lastError, state }) => {
    const seen: SeenSession = { established: state === 'Established', times: establishedCount, lastError };
    return [address, seen] as const;
  });
  return { sessions: new Map(sessions), routes };
}
