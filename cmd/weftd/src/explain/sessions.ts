/** Every possible session with its reason and its state. */
import type { SessionDecision } from '@weft/calc';
import type { ExplainedSession } from '@weft/control';
import type { PeerConfig, PeerStatus } from 'bgp-speaker-ts';
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
export function toSession({ config, decision, status }: DecidedSession): ExplainedSession {
  const { peer, reason } = decision;
  const configured = decision.kind === 'session';
  const isUp = status?.state === 'Established';
  return {
    peer,
    node: decision.kind === 'session' ? decision.node : undefined,
    configured,
    port: config === undefined ? undefined : (config.port ?? 179),
    reason,
    state: status?.state,
    lastError: isUp ? undefined : status?.lastError,
  };
}
