/**
 * What another configuration would do to the session with one peer: the table of `session-config.ts`, as an answer for
 * whoever wants to know before it is done.
 */

import type { PeerConfig, SpeakerConfig } from './config.ts';
import { clusterIdsOf, isSameData, needsReset } from './session-config.ts';

/** What becomes of a session that is Established, as far as this end decides. */
export interface SessionChange {
  readonly kind: 'none' | 'opens' | 'closes' | 'resets' | 'changes';
  /** The fields that differ, of the peer or of the speaker, sorted; none where the session opens or closes. */
  readonly fields: readonly string[];
}

/** Fields of a speaker that sessions depend on. */
const SPEAKER_FIELDS = [
  'asn',
  'identifier',
  'holdTimeSeconds',
  'gracefulRestart',
  'externalRequiresPolicy',
  'offPath',
] as const satisfies readonly (keyof SpeakerConfig)[];

/** Says what becomes of the session with a peer, named by its address; dynamic neighbours are not told apart. */
export function sessionChange(before: SpeakerConfig, after: SpeakerConfig, peer: string): SessionChange {
  const old = before.peers.find(({ address }) => address === peer);
  const next = after.peers.find(({ address }) => address === peer);
  if (old === undefined || next === undefined) {
    const kind = old === next ? 'none' : old === undefined ? 'opens' : 'closes';
    return { kind, fields: [] };
  }
  const fields = [...changedPeerFields(old, next), ...changedSpeakerFields(before, after)].sort();
  const peerAsn = typeof old.asn === 'number' ? old.asn : undefined;
  if (needsReset(before, after, old, next, peerAsn)) return { kind: 'resets', fields };
  return { kind: fields.length === 0 ? 'none' : 'changes', fields };
}

function changedPeerFields(old: PeerConfig, next: PeerConfig): string[] {
  const fields = new Set([...Object.keys(old), ...Object.keys(next)]) as Set<keyof PeerConfig>;
  return [...fields].filter((field) => !isSameData(old[field], next[field]));
}

function changedSpeakerFields(before: SpeakerConfig, after: SpeakerConfig): string[] {
  const fields = SPEAKER_FIELDS.filter((field) => !isSameData(before[field], after[field]));
  return isSameData(clusterIdsOf(before), clusterIdsOf(after)) ? fields : [...fields, 'cluster identifiers'];
}
