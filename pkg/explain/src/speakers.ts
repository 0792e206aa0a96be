/** Who speaks BGP with whom, put together from what each end says of its sessions. */
import type { ExplainedSession, NodeExplanation } from '@weft/control';
import { nodeAddresses } from '@weft/resources';
import { type ExplainInput, explanationOf } from './input.ts';

/** One speaker: a node, a reflector, or a stranger that is known by its address only. */
export interface Speaker {
  readonly name: string;
  readonly addresses: readonly string[];
  /** What it said of itself; absent when it was not asked. */
  readonly explanation?: NodeExplanation;
}

/** The speaker of that name. */
export function speakerNamed(input: ExplainInput, name: string): Speaker {
  const explanation = explanationOf(input, name);
  const node = input.snapshot.nodes.find(({ metadata }) => metadata.name === name);
  const known = node === undefined ? [] : nodeAddresses(node);
  const addresses = known.length > 0 ? known : (explanation?.addresses ?? []);
  return { name, addresses, ...(explanation && { explanation }) };
}

/** The speaker at the other end of a session; of two on one host the port tells. */
export function speakerAt(
  input: ExplainInput,
  session: Pick<ExplainedSession, 'node' | 'peer' | 'port'>,
): Speaker {
  const { node, peer, port = 179 } = session;
  if (node !== undefined) return speakerNamed(input, node);
  const isThere = ({ addresses, port: own }: NodeExplanation): boolean =>
    addresses.includes(peer) && own === port;
  for (const [name, answer] of input.answers)
    if (answer.kind === 'answered' && isThere(answer.explanation)) return speakerNamed(input, name);
  const found = input.snapshot.nodes.find((one) => nodeAddresses(one).some((address) => address === peer));
  if (found !== undefined && port === 179) return speakerNamed(input, found.metadata.name);
  return { name: port === 179 ? peer : `${peer} port ${port}`, addresses: [peer] };
}

/** True when a session of one speaker is meant for the other. */
function isWith({ node, peer }: ExplainedSession, other: Speaker): boolean {
  return node === other.name || peer === other.name || (node === undefined && other.addresses.includes(peer));
}

/** What a speaker says of its sessions with another, those it has in front. */
export function sessionsWith(speaker: Speaker, other: Speaker): ExplainedSession[] {
  const all = speaker.explanation?.sessions.filter((session) => isWith(session, other)) ?? [];
  return all.sort((left, right) => Number(right.configured) - Number(left.configured));
}

/** The session as one end has it; undefined when it has none, or was not asked. */
export function sessionWith(speaker: Speaker, other: Speaker): ExplainedSession | undefined {
  return sessionsWith(speaker, other).find(({ configured }) => configured);
}

/** True when at least one end has the other for a peer. */
export function arePeers(left: Speaker, right: Speaker): boolean {
  return sessionWith(left, right) !== undefined || sessionWith(right, left) !== undefined;
}

/** Everybody a speaker has a session with, by what either end says. */
export function peersOf(input: ExplainInput, speaker: Speaker): Speaker[] {
  const own = (speaker.explanation?.sessions ?? [])
    .filter(({ configured }) => configured)
    .map((session) => speakerAt(input, session));
  const others = [...input.answers.keys()]
    .map((name) => speakerNamed(input, name))
    .filter((other) => other.name !== speaker.name && sessionWith(other, speaker) !== undefined);
  return [...new Map([...own, ...others].map((peer) => [peer.name, peer])).values()];
}
