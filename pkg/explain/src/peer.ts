/** Why a session is (not) there: the configuration and the state of both ends, held against each other. */
import type { PeerExplanation, PeerSession } from '@weft/control';
import { type Hop, type Verdict, verdictOf } from './hop.ts';

/** The other end: what it said, why it was not asked, or that it is no daemon of weft's. */
export type OtherEnd =
  | { readonly kind: 'answered'; readonly explanation: PeerExplanation }
  | { readonly kind: 'not-asked'; readonly reason: string }
  | { readonly kind: 'stranger' };

/** The session of one node with the peer. */
export interface PeerChain {
  readonly from: string;
  /** The peer's address. */
  readonly peer: string;
  /** Its node, if it is one. */
  readonly node?: string;
  readonly verdict: Verdict;
  readonly hops: readonly Hop[];
}

/** Explains a session as one end has it; with the other end's view where there is one. */
export function explainPeer(peer: string, here: PeerExplanation, other: OtherEnd): PeerChain {
  const { node: from, peerNode } = here;
  const name = peerNode ?? peer;
  const session = here.sessions.find(({ configured }) => configured);
  const hops =
    session === undefined
      ? [notConfigured(here, name)]
      : [
          configuredHop(from, session),
          ...otherEndHops(here, session, name, other),
          stateHop(from, name, session, other),
          ...detailHops(from, session),
        ];
  return {
    from,
    peer,
    ...(peerNode !== undefined && { node: peerNode }),
    verdict: verdictOf(hops, `${from} and ${name}`, `${from} and ${name} have a session`),
    hops,
  };
}

function notConfigured({ noBgp, node, sessions }: PeerExplanation, name: string): Hop {
  const base = { stage: 'session', node, answer: 'no' } as const;
  const [first] = sessions;
  if (noBgp !== undefined) return { ...base, says: `${node} speaks no BGP: ${noBgp}`, rule: noBgp };
  if (first !== undefined)
    return {
      ...base,
      says: `${node} has no session with ${name}: ${sessions.map(({ reason }) => reason).join('; ')}`,
      rule: first.reason,
    };
  return {
    ...base,
    says: `nothing asks for a session of ${node} with ${name}`,
    next: 'See what asks for sessions: weftctl get bgppeers -o wide, weftctl get bgpconfigurations -o yaml.',
  };
}

function configuredHop(node: string, { asn, passive, password, port, reason, type }: PeerSession): Hop {
  const details = [
    type,
    `AS ${asn ?? 'any'}`,
    ...(port === undefined || port === 179 ? [] : [`port ${port}`]),
    passive ? 'waits for the peer to connect' : 'connects',
    ...(password ? ['with a password'] : []),
  ];
  return {
    stage: 'configured',
    node,
    answer: 'yes',
    says: `${node} has it for a peer: ${details.join(', ')}`,
    rule: reason,
  };
}

function otherEndHops(here: PeerExplanation, session: PeerSession, name: string, other: OtherEnd): Hop[] {
  if (other.kind === 'stranger')
    return [{ stage: 'other end', answer: 'note', says: `${name} is no daemon that can be asked` }];
  if (other.kind === 'not-asked')
    return [
      {
        stage: 'other end',
        node: name,
        // The session itself tells whether the peer is there.
        answer: session.state === 'Established' ? 'note' : 'unknown',
        says: `${name} was not asked: ${other.reason}`,
        next: `Is weftd running on ${name}? Run this command there, or where its control address is reached.`,
      },
    ];
  const { explanation } = other;
  const theirs = explanation.sessions.find(({ configured }) => configured);
  if (theirs === undefined) return [{ ...notConfigured(explanation, here.node), stage: 'other end' }];
  return [configuredOther(explanation.node, theirs), ...disagreements(here, session, explanation, theirs)];
}

function configuredOther(node: string, theirs: PeerSession): Hop {
  return { ...configuredHop(node, theirs), stage: 'other end' };
}

/** What both ends must say alike. An established session has agreed, and so its AS numbers are those of the OPENs. */
function disagreements(
  here: PeerExplanation,
  mine: PeerSession,
  there: PeerExplanation,
  theirs: PeerSession,
): Hop[] {
  if (mine.state === 'Established') return [];
  const base = { stage: 'agreement', answer: 'no' } as const;
  const found: Hop[] = [];
  const wrong = (expects: string, asn: number | undefined, one: PeerExplanation, own: PeerSession): void => {
    // A daemon of an older version tells no AS number of the session.
    const has = own.localAsn ?? one.asn;
    if (asn === undefined || asn === has) return;
    found.push({
      ...base,
      says: `${expects} expects AS ${asn} of ${one.node}, which has AS ${has}`,
      rule: 'asNumber',
      next: 'Correct spec.asNumber or spec.localASNumber of the BGPPeer, or the AS number of the Node or of BGPConfiguration.',
    });
  };
  wrong(here.node, mine.asn, there, theirs);
  wrong(there.node, theirs.asn, here, mine);
  if (mine.password !== theirs.password)
    found.push({
      ...base,
      says: `only ${mine.password ? here.node : there.node} asks for a password (TCP MD5)`,
      rule: 'password',
      next: 'Give it to both ends, or to none.',
    });
  if (mine.passive && theirs.passive)
    found.push({ ...base, says: 'both ends wait for the other to connect', rule: 'passive' });
  return found;
}

function stateHop(node: string, name: string, mine: PeerSession, other: OtherEnd): Hop {
  const { established = 0, lastError, since, state } = mine;
  const stage = 'state';
  if (state === 'Established')
    return { stage, node, answer: 'yes', says: `Established since ${since ?? 'a while'}` };
  const theirs =
    other.kind === 'answered' ? other.explanation.sessions.find(({ configured }) => configured) : undefined;
  const says = [
    `${node} is ${state ?? 'Idle'}${lastError === undefined ? '' : `: ${lastError}`}`,
    ...(theirs === undefined
      ? []
      : [
          `${name} is ${theirs.state ?? 'Idle'}${theirs.lastError === undefined ? '' : `: ${theirs.lastError}`}`,
        ]),
    established === 0 ? 'it was never up' : `it was up ${established} times`,
  ].join('; ');
  const passwords = mine.password
    ? 'With wrong passwords (TCP MD5) no packet is answered: compare them. '
    : '';
  return {
    stage,
    node,
    answer: 'no',
    says,
    next: `${passwords}Can the two reach each other on TCP port ${mine.passive ? 179 : (mine.port ?? 179)}? See the log of weftd on both.`,
  };
}

function detailHops(node: string, { bfd, exportRules, families, importRules, state }: PeerSession): Hop[] {
  const hops: Hop[] = [];
  if (bfd !== undefined)
    hops.push({ stage: 'bfd', node, answer: bfd === 'Up' ? 'yes' : 'note', says: `BFD is ${bfd}` });
  if (state === 'Established')
    for (const { advertised, family, received, rejected } of families) {
      const refused = rejected === 0 ? '' : `, of which ${rejected} not let in`;
      const says = `${family}: ${received} received${refused}, ${advertised} sent`;
      hops.push({ stage: 'prefixes', node, answer: rejected === 0 ? 'yes' : 'note', says });
    }
  const filters = (rules: readonly string[]): string => {
    const names = rules.flatMap((rule) => /^BGPFilter (\S+)/.exec(rule)?.[1] ?? []);
    return [...new Set(names)].join(', ') || 'none';
  };
  const used = `BGPFilters on import: ${filters(importRules)}; on export: ${filters(exportRules)}`;
  return [...hops, { stage: 'filters', node, answer: 'note', says: used }];
}
