/**
 * A scripted peer with graceful restart and long-lived graceful restart, and what becomes of its routes.
 */

import type { PathAttributes } from '../../wire/attribute/path-attributes.ts';
import type { Capability } from '../../wire/capability/capability.ts';
import type { GracefulRestartConfig, PeerConfig } from '../config.ts';
import { ScriptedPeers, scripted } from './scripted-peers.ts';

export const PEER = '10.0.0.2';
export const ASN = 64513;
export const RIVAL = '10.0.0.3';
export const ROUTE = '20.0.0.0/24';
export const OTHER_ROUTE = '20.0.1.0/24';
export const LLGR_STALE = '65535:6';
export const PATH: PathAttributes = { asPath: [{ kind: 'sequence', asns: [ASN] }] };

export const OURS: GracefulRestartConfig = {
  restartTimeSeconds: 120,
  longLived: [{ family: 'ipv4-unicast', staleTimeSeconds: 3600 }],
};

/** What a peer says of its restarts: of each family by its AFI; the defaults are in `restarts`. */
export interface Restart {
  readonly restartSeconds?: number;
  readonly staleSeconds?: number;
  readonly forwarding?: boolean;
  readonly longLivedForwarding?: boolean;
  readonly notification?: boolean;
  readonly families?: readonly number[];
  readonly longLivedFamilies?: readonly number[];
}

/** Both capabilities of a peer. */
export function restarts({
  restartSeconds = 100,
  staleSeconds = 1000,
  forwarding = true,
  longLivedForwarding = true,
  notification = false,
  families = [1],
  longLivedFamilies = [1],
}: Restart = {}): Capability[] {
  return [
    {
      kind: 'graceful-restart',
      restarting: false,
      notification,
      restartTimeSeconds: restartSeconds,
      families: families.map((afi) => ({ afi, safi: 1, forwarding })),
    },
    {
      kind: 'long-lived-graceful-restart',
      families: longLivedFamilies.map((afi) => ({
        afi,
        safi: 1,
        forwarding: longLivedForwarding,
        staleTimeSeconds: staleSeconds,
      })),
    },
  ];
}

/** An external peer that has announced two routes and End-of-RIB, and others that are given. */
export function converged(
  restart: Restart = {},
  ours: GracefulRestartConfig = OURS,
  others: readonly PeerConfig[] = [],
): ScriptedPeers {
  const peers = new ScriptedPeers([scripted(PEER, ASN), ...others], { gracefulRestart: ours });
  peers.connect(PEER, ASN, restarts(restart));
  peers.announce(PEER, [ROUTE, OTHER_ROUTE], PATH);
  peers.endOfRib(PEER, 'ipv4-unicast');
  return peers;
}

/** What a peer's route is by now. */
export function fateOf(
  peers: ScriptedPeers,
  prefix: string = ROUTE,
): 'fresh' | 'stale' | 'long-lived' | 'gone' {
  const route = peers.received(PEER, prefix);
  if (route === undefined) return 'gone';
  if (!route.stale) return 'fresh';
  const best = peers.explain(prefix).paths.find((item) => item.peer === PEER);
  return best?.attributes.communities?.includes(LLGR_STALE) === true ? 'long-lived' : 'stale';
}
