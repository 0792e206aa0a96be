/**
 * BFD and BGP: which sessions are wanted, and what a change of one does to its peer.
 *
 *     configured, not stopped ──▶ open-bfd          BFD Up ──▶ Down ── session (from OpenSent on) ──▶ Cease / BFD Down
 *     else                    ──▶ close-bfd                      └──── stale paths, C bit of the peer ──▶ removed
 *
 * BGP does not wait for BFD: a peer without BFD, or whose BFD is broken, still gets its session, as with BIRD and FRR.
 * A peer that says AdminDown has turned BFD off, which says nothing about forwarding (RFC 5882 §3.2). Nor does one whose
 * BFD begins anew because its process does: it says Down and no reason, over a way that works.
 *
 * Source: RFC 5882 §4.3 (graceful restart), §10.2 (BGP); RFC 9384 (the subcode).
 */

import { Diagnostic, diagnosticName } from '../bfd/iana.ts';
import type { BfdSessionConfig, BfdStatus } from '../bfd/types.ts';
import { FAMILIES } from '../wire/family.ts';
import { CeaseSubcode } from '../wire/iana.ts';
import type { PeerBfdStatus } from './config.ts';
import type { SpeakerCore } from './core.ts';
import type { Neighbour } from './neighbour.ts';
import type { NeighbourConfig } from './peer-book.ts';
import { isSameData } from './session-config.ts';
import { dispatch } from './sessions.ts';
import { endRestart } from './stale-paths.ts';

/** Intervals and multiplier of a peer that names none: those of FRR. */
const DEFAULTS = { minTransmitIntervalMs: 300, minReceiveIntervalMs: 300, multiplier: 3 } as const;

/** TTL of a packet that has passed no router. */
const DIRECT_TTL = 255;

/** A BFD session as a neighbour has it. */
export interface NeighbourBfd {
  readonly session: BfdSessionConfig;
  /** As told last; absent before the session has begun. */
  readonly status?: BfdStatus | undefined;
  /** When its state was entered, in ms. */
  readonly stateSince: number;
}

/** Builds the session a peer's configuration asks for. */
export function toBfdSession(peer: NeighbourConfig): BfdSessionConfig | undefined {
  const { bfd, address, localAddress, ttlSecurityHops } = peer;
  if (bfd === undefined) return undefined;
  const multihop = bfd.multihop ?? (peer.multihop ?? 1) > 1;
  const farthest = ttlSecurityHops === undefined ? 0 : DIRECT_TTL + 1 - ttlSecurityHops;
  return {
    peer: address,
    localAddress,
    interface: bfd.interface ?? peer.interface,
    multihop,
    minTtl: multihop ? farthest : DIRECT_TTL,
    minTransmitIntervalMs: bfd.minTransmitIntervalMs ?? DEFAULTS.minTransmitIntervalMs,
    minReceiveIntervalMs: bfd.minReceiveIntervalMs ?? DEFAULTS.minReceiveIntervalMs,
    multiplier: bfd.multiplier ?? DEFAULTS.multiplier,
  };
}

/** Opens, changes or closes the BFD session of a neighbour as its configuration now says; a stopped one has none. */
export function updateBfd(core: SpeakerCore, neighbour: Neighbour): void {
  const wanted = neighbour.stopped ? undefined : toBfdSession(neighbour.config);
  const { bfd, address: peer } = neighbour;
  if (isSameData(wanted, bfd?.session)) return;
  if (wanted === undefined) {
    neighbour.bfd = undefined;
    core.emit({ kind: 'close-bfd', peer });
    return;
  }
  neighbour.bfd = { session: wanted, status: bfd?.status, stateSince: bfd?.stateSince ?? core.now };
  core.emit({ kind: 'open-bfd', peer, session: wanted });
}

/** Takes the news of a BFD session. */
export function receiveBfdStatus(core: SpeakerCore, neighbour: Neighbour, status: BfdStatus): void {
  const { bfd, address: peer } = neighbour;
  if (bfd === undefined) return;
  for (const observer of core.observers) observer.bfdChanged?.(neighbour, status);
  const before = bfd.status;
  const isNew = before?.state !== status.state;
  neighbour.bfd = { ...bfd, status, stateSince: isNew ? core.now : bfd.stateSince };
  if (!isNew) return;
  const { state: to, remoteState } = status;
  const diagnostic = diagnosticName(status.diagnostic);
  core.emit({ kind: 'peer-bfd-changed', peer, from: before?.state, to, diagnostic, remoteState });
  if (before?.state === 'Up' && to === 'Down' && remoteState !== 'AdminDown' && !hasBegunAnew(status)) {
    losePath(core, neighbour, diagnostic, before.remoteControlPlaneIndependent);
  }
}

/**
 * A session that loses its way names a reason until it is Up again; one that has just been made has none (RFC 5880 §6.8.1).
 * A peer that restarts faster than it is missed is heard so. Only one whose BFD would not outlive its control plane: where
 * it does, forwarding has gone with it.
 */
function hasBegunAnew({ diagnostic, remoteDiagnostic, remoteControlPlaneIndependent }: BfdStatus): boolean {
  const signaled = diagnostic === Diagnostic.neighborSignaledDown;
  return signaled && remoteDiagnostic === Diagnostic.none && !remoteControlPlaneIndependent;
}

/**
 * Packets do not get through. A session ends at once. A peer that is restarting has no session to end: whether its
 * routes still work depends on what its BFD shares fate with (RFC 5882 §4.3).
 *
 * @param independent C bit of the peer: its BFD would have survived a mere restart of its control plane
 */
function losePath(core: SpeakerCore, neighbour: Neighbour, detail: string, independent: boolean): void {
  if (independent) {
    for (const family of FAMILIES) endRestart(core, neighbour, family, 'bfd-down');
  }
  core.schedule(neighbour);
  const { state } = neighbour;
  if (state === 'Idle' || state === 'Connect' || state === 'Active') return;
  dispatch(core, neighbour, { kind: 'reset', reason: { subcode: CeaseSubcode.bfdDown, detail } });
}

/** Describes the BFD session of a neighbour as it is now. */
export function describeBfd({ bfd }: Neighbour): PeerBfdStatus | undefined {
  if (bfd === undefined) return undefined;
  const { status, stateSince } = bfd;
  if (status === undefined) return { state: 'AdminDown', stateSince };
  return {
    ...status,
    stateSince,
    diagnostic: diagnosticName(status.diagnostic),
    remoteDiagnostic: diagnosticName(status.remoteDiagnostic),
  };
}
