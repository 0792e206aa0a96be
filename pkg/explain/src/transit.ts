/**
 * How a route gets from the node that announces it to the one that wants it: over their own session, or by way of one or two
 * others, as route reflectors are. Where there are several ways, the one that gets furthest is told.
 */
import type { ExplainedExport, ExplainedPath } from '@weft/control';
import type { Prefix } from '@weft/ip';
import type { Hop } from './hop.ts';
import type { ExplainInput } from './input.ts';
import { whereRuleIs, whyNotExported, whyNotImported } from './rule-words.ts';
import { sessionHop } from './session-hop.ts';
import { arePeers, peersOf, type Speaker } from './speakers.ts';

/** Ways that are looked at: a node has a few reflectors, not hundreds. */
const MAX_WAYS = 16;

/** The hops of the best way, and who is last on it. */
export interface Transit {
  readonly hops: readonly Hop[];
  /** Whose session with the receiver the route comes by; absent where there is no way. */
  readonly last?: Speaker;
}

/** Follows a prefix from one speaker to another. */
export function transit(input: ExplainInput, prefix: Prefix, from: Speaker, to: Speaker): Transit {
  const ways = waysBetween(input, from, to);
  if (ways.length === 0) return { hops: [sessionHop(from, to)] };
  const followed = ways.map((way) => ({ hops: hopsOf(way, prefix), last: way.at(-2) as Speaker }));
  return followed.reduce((best, next) => (merit(next.hops) > merit(best.hops) ? next : best));
}

function waysBetween(input: ExplainInput, from: Speaker, to: Speaker): Speaker[][] {
  if (arePeers(from, to)) return [[from, to]];
  const isEnd = ({ name }: Speaker): boolean => name === from.name || name === to.name;
  const left = peersOf(input, from).filter((peer) => !isEnd(peer));
  const right = peersOf(input, to).filter((peer) => !isEnd(peer));
  const common = left.filter((peer) => right.some(({ name }) => name === peer.name));
  if (common.length > 0) return reflectorsFirst(common).map((peer) => [from, peer, to]);
  return reflectorsFirst(left)
    .flatMap((near) => right.filter((far) => arePeers(near, far)).map((far) => [from, near, far, to]))
    .slice(0, MAX_WAYS);
}

function reflectorsFirst(speakers: readonly Speaker[]): Speaker[] {
  const isReflector = ({ explanation }: Speaker): boolean => explanation?.role === 'route-reflector';
  return speakers
    .toSorted((left, right) => Number(isReflector(right)) - Number(isReflector(left)))
    .slice(0, MAX_WAYS);
}

/** Ways that work before ways that may, and those before ways that end; of these the one that gets furthest. */
function merit(hops: readonly Hop[]): number {
  const end = hops.findIndex(({ answer }) => answer === 'no');
  if (end >= 0) return end;
  return hops.some(({ answer }) => answer === 'unknown') ? 1000 : 2000;
}

function hopsOf(way: readonly Speaker[], prefix: Prefix): Hop[] {
  const [end, last] = way.toReversed() as [Speaker, Speaker];
  const arrived = receivedPath(last, end, prefix) !== undefined;
  return way.slice(1).flatMap((receiver, index) => {
    const sender = way[index] as Speaker;
    const received = receivedPath(sender, receiver, prefix);
    const hops = edgeHops(sender, receiver, prefix, received);
    if (receiver === end || received?.best === true) return hops;
    if (received !== undefined) return [...hops, lostHop(receiver.name, received)];
    // Who cannot be asked has passed it on, if the end has it from there.
    return arrived && receiver.explanation === undefined ? hops.map(asPassedOn) : hops;
  });
}

function asPassedOn(hop: Hop): Hop {
  return hop.answer === 'no' || hop.answer === 'unknown' ? { ...hop, answer: 'note' } : hop;
}

/** A path that a receiver has of a sender. */
export function receivedPath(sender: Speaker, receiver: Speaker, prefix: Prefix): ExplainedPath | undefined {
  return receiver.explanation?.prefixes
    .find((known) => known.prefix === prefix)
    ?.paths.find(({ peer }) => peer !== undefined && sender.addresses.includes(peer));
}

function edgeHops(
  sender: Speaker,
  receiver: Speaker,
  prefix: Prefix,
  received: ExplainedPath | undefined,
): Hop[] {
  const session = sessionHop(sender, receiver);
  if (session.answer === 'no' && received?.stale)
    return [
      {
        ...session,
        answer: 'note',
        says: `${session.says}; ${receiver.name} keeps what ${sender.name} had sent as stale (RFC 4724)`,
      },
      importHop(sender, receiver, received),
    ];
  if (session.answer === 'no') return [session];
  const exported = exportHop(sender, receiver, prefix, received);
  if (exported.answer === 'no') return [session, exported];
  if (receiver.explanation === undefined) return [session, exported, notSeen(sender, receiver)];
  if (received === undefined) return [session, exported, notReceived(sender, receiver, prefix)];
  return [session, exported, importHop(sender, receiver, received)];
}

function exportHop(
  sender: Speaker,
  receiver: Speaker,
  prefix: Prefix,
  received: ExplainedPath | undefined,
): Hop {
  const base = { stage: 'export', node: sender.name } as const;
  const { explanation, name } = sender;
  if (received !== undefined && explanation === undefined)
    return { ...base, answer: 'yes', says: `${receiver.name} has got ${prefix} from ${name}` };
  if (explanation === undefined)
    return {
      ...base,
      answer: 'unknown',
      says: `whether ${name} sends ${prefix} to ${receiver.name} is not known: it was not asked`,
    };
  const known = explanation.prefixes.find((one) => one.prefix === prefix);
  const decision = known?.exports.find(({ peer }) => receiver.addresses.includes(peer));
  if (decision?.told)
    return {
      ...base,
      answer: 'yes',
      says: `${name} sends ${prefix} to ${receiver.name}`,
      rule: decision.rule,
    };
  return notExported(base, sender, receiver, prefix, decision);
}

function notExported(
  base: Pick<Hop, 'node' | 'stage'>,
  { name }: Speaker,
  receiver: Speaker,
  prefix: Prefix,
  decision: ExplainedExport | undefined,
): Hop {
  if (decision === undefined)
    return { ...base, answer: 'no', says: `${name} has no path of ${prefix} to send to ${receiver.name}` };
  const { rule } = decision;
  const why = whyNotExported(rule);
  const next = whereRuleIs(rule);
  return {
    ...base,
    answer: 'no',
    says: `${name} does not send ${prefix} to ${receiver.name}${why === rule ? '' : `: ${why}`}`,
    rule,
    ...(next !== undefined && { next }),
  };
}

function notReceived(sender: Speaker, receiver: Speaker, prefix: Prefix): Hop {
  return {
    stage: 'import',
    node: receiver.name,
    answer: 'no',
    says: `${receiver.name} has not got ${prefix} from ${sender.name}`,
    next: `It may be on its way: ask again. If it stays so, see the log of weftd on ${receiver.name} for faulty UPDATEs.`,
  };
}

function notSeen({ name }: Speaker, receiver: Speaker): Hop {
  return {
    stage: 'import',
    node: receiver.name,
    answer: 'unknown',
    says: `whether ${receiver.name} takes what ${name} sends is not known: it was not asked`,
  };
}

/** The speaker's name for what no rule of a policy has caught. */
const NO_RULE = 'default';

/** What the receiver made of the path. */
export function importHop(sender: Speaker, receiver: Speaker, path: ExplainedPath): Hop {
  const base = { stage: 'import', node: receiver.name } as const;
  const { importRule, lost } = path;
  if (lost?.kind === 'rejected') {
    const rule = lost.rule ?? 'its import policy';
    const why = whyNotImported(rule);
    const next = whereRuleIs(rule);
    return {
      ...base,
      answer: 'no',
      says: `${receiver.name} does not let in what ${sender.name} sends${why === rule ? '' : `: ${why}`}`,
      rule,
      ...(next !== undefined && { next }),
    };
  }
  const stale = path.stale ? ', stale since that peer is away' : '';
  return {
    ...base,
    answer: 'yes',
    says: `${receiver.name} has it from ${sender.name}${stale}`,
    ...(importRule !== undefined && importRule !== NO_RULE && { rule: importRule }),
  };
}

/** Why a path is not the best one, for one that was let in. */
export function lostHop(node: string, { lost }: ExplainedPath): Hop {
  const base = { stage: 'best path', node, answer: 'no' } as const;
  if (lost?.kind === 'decision') {
    const { against = 'a route of its own', againstValue, step = '', value } = lost;
    return {
      ...base,
      says: `${node} prefers the path of ${against} at the step ${step}: ${againstValue} against ${value}`,
      rule: step,
      next: `See all paths: weftctl explain PREFIX --from ${node} -o yaml; weftctl rib ${node} -o wide.`,
    };
  }
  if (lost?.kind === 'next-hop-unreachable')
    return { ...base, says: `${node} cannot use the path: its next hop is not reachable`, rule: 'next hop' };
  return {
    ...base,
    says: `${node} has not chosen yet: it has just started, and waits for its peers to have sent all`,
    rule: 'End-of-RIB',
    next: 'Ask again in some seconds.',
  };
}
