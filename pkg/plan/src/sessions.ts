/**
 * What becomes of each session: seen in the network, with the reason from what was decided and from the fields that differ.
 */
import type { SessionDecision } from '@weft/calc';
import type { Address } from '@weft/ip';
import { sessionChange } from 'bgp-speaker-ts';
import type { Comparison, NodeState, Side } from './comparison.ts';

/**
 * Comes up; ends on purpose; ends, and comes up again; is changed while it runs; stays as it is; does not come up
 * again; is asked for by the change and does not come up.
 */
export type SessionOutcome = 'opens' | 'closes' | 'resets' | 'changes' | 'stays' | 'breaks' | 'fails';

/** One session: between two nodes, or of a node with a peer outside. */
export interface SessionPlan {
  readonly node: string;
  /** Name of the node at the other end, or the address of a peer outside. */
  readonly peer: string;
  /** Of the other end. */
  readonly address: Address;
  readonly kind: SessionOutcome;
  readonly reason: string;
}

interface Place {
  readonly node: string;
  readonly address: Address;
  readonly peer: string;
}

/** Decides about every session there is or shall be, sorted by its ends. */
export function planSessions(comparison: Comparison): SessionPlan[] {
  const places = new Map<string, Place>();
  for (const side of [comparison.before, comparison.after])
    for (const [node, { speaker }] of side.states)
      if (speaker.kind === 'bgp')
        for (const { address } of speaker.config.peers) {
          const place = placeOf(comparison, node, address as Address);
          const key = [place.node, place.peer].sort().join(' ') + familyMark(place.address);
          const known = places.get(key);
          // Of the two ends of a session the first by name tells about it, if it knows of it at all.
          if (known === undefined || place.node < known.node) places.set(key, place);
        }
  return [...places.values()]
    .map((place) => planSession(comparison, place))
    .filter((plan) => plan !== undefined)
    .sort((left, right) => compareText(`${left.node} ${left.peer}`, `${right.node} ${right.peer}`));
}

function planSession(comparison: Comparison, place: Place): SessionPlan | undefined {
  const { before, after } = comparison;
  const was = before.seen.get(place.node)?.sessions.get(place.address);
  const is = after.seen.get(place.node)?.sessions.get(place.address);
  const fields = changedFields(comparison, place);
  const isWanted = asksFor(after, place.node, place.address);
  const wasWanted = asksFor(before, place.node, place.address);
  const give = (kind: SessionOutcome, reason: string): SessionPlan => ({ ...place, kind, reason });
  if (was?.established) {
    if (!isWanted) return give('closes', whyLeftOut(after.states.get(place.node), place));
    if (!is?.established)
      return give('breaks', [changedText(fields), is?.lastError].filter(Boolean).join('; '));
    if (is.times > was.times) return give('resets', changedText(fields));
    return fields.length === 0 ? give('stays', '') : give('changes', changedText(fields));
  }
  if (is?.established) return give('opens', whyWanted(after.states.get(place.node), place));
  if (isWanted && !wasWanted) return give('fails', is?.lastError ?? 'the other end does not answer');
  return undefined;
}

function placeOf({ nodeAt, outsiders }: Comparison, node: string, address: Address): Place {
  const isOutside = outsiders.some((outsider) => outsider.address === address);
  return { node, address, peer: (isOutside ? undefined : nodeAt.get(address)) ?? address };
}

function familyMark(address: Address): string {
  return address.includes(':') ? ' 6' : ' 4';
}

function asksFor({ states }: Side, node: string, address: Address): boolean {
  const speaker = states.get(node)?.speaker;
  return speaker?.kind === 'bgp' && speaker.config.peers.some((peer) => peer.address === address);
}

/** Fields that differ at either end. */
function changedFields({ after, before, nodeAt }: Comparison, { address, node, peer }: Place): string[] {
  const there = [...nodeAt].filter(([, name]) => name === node).map(([own]) => own);
  const ends = [[node, address], ...there.map((own) => [peer, own])] as [string, Address][];
  const fields = ends.flatMap(([name, other]) => {
    const old = before.states.get(name)?.speaker;
    const next = after.states.get(name)?.speaker;
    if (old?.kind !== 'bgp' || next?.kind !== 'bgp') return [];
    return sessionChange(old.config, next.config, other).fields;
  });
  return [...new Set(fields)].sort();
}

function changedText(fields: readonly string[]): string {
  return fields.length === 0
    ? 'the other end changes'
    : `${fields.join(', ')} ${fields.length === 1 ? 'differs' : 'differ'}`;
}

function whyWanted(state: NodeState | undefined, place: Place): string {
  return decisionAbout(state, place, 'session')?.reason ?? 'the other end asks for it';
}

function whyLeftOut(state: NodeState | undefined, place: Place): string {
  if (state === undefined) return 'its Node is deleted';
  if (state.speaker.kind === 'no-bgp') return state.speaker.reason;
  return decisionAbout(state, place, 'left-out')?.reason ?? 'nothing asks for it any more';
}

function decisionAbout(
  state: NodeState | undefined,
  { address, peer }: Place,
  kind: SessionDecision['kind'],
): SessionDecision | undefined {
  return state?.sessions.find(
    (decision) => decision.kind === kind && (decision.peer === address || decision.peer === peer),
  );
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
