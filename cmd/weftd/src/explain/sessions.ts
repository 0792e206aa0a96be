/** Every possible session with its reason and its state. */
import type { SessionDecision } from '@weft/calc';
import type { ExplainedSession } from '@weft/control';
import type { PeerConfig, PeerStatus } from 'bgp-speaker-ts';
import type { Bgp } from '../bgp/bgp.ts';
import type { SpeakerSources } from './sources.ts';

/** One decision, and the session that came of it. */
export interface DecidedSession {
  readonly decision: SessionDecision;
  readonly status: PeerStatus | undefined;
  readonly config: PeerConfig | undefined;
}

/** All of them, in the order of the decisions. */
export function decidedSessions({ bgp, sessions }: SpeakerSources): DecidedSession[] {
  const statuses = new Map<string, PeerStatus>((bgp()?.peers() ?? []).map((peer) => [peer.address, peer]));
  const configs = new Map<string, PeerConfig>(bgp()?.config.peers.map((peer) => [peer.address, peer]));
  return sessions().map((decision) => ({
    decision,
    status: decision.kind === 'session' ? statuses.get(decision.peer) : undefined,
    config: decision.kind === 'session' ? configs.get(decision.peer) : undefined,
  }));
}

/** For people and programs. */
export function toSession(
  { config, decision, status }: DecidedSession,
  bgp: Bgp | undefined,
): ExplainedSession {
  const { peer } = decision;
  const configured = decision.kind === 'session';
  const isUp = status?.state === 'Established';
  return {
    peer,
    node: decision.kind === 'session' ? decision.node : undefined,
    configured,
    port: config === undefined ? undefined : (config.port ?? 179),
    reason: reasonOf(decision, bgp),
    state: status?.state,
    lastError: isUp ? undefined : status?.lastError,
  };
}

/** A session that is only kept says so first. */
function reasonOf(decision: SessionDecision, bgp: Bgp | undefined): string {
  const { reason } = decision;
  if (decision.kind === 'left-out' || decision.keptUntil === undefined || bgp === undefined) return reason;
  return `kept until ${bgp.wallClock(decision.keptUntil).toISOString()} at the latest: ${reason}`;
}
