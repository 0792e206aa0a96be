/** The whole way of a route to one node: what the datastore says, what the owner does, how it gets here, what becomes of it. */
import type { ExplainedPrefix, NodeExplanation, RouteStatus } from '@weft/control';
import { type Prefix, prefixLength } from '@weft/ip';
import { arrivalHops } from './arrival.ts';
import { type Holding, holdingOf } from './holding.ts';
import { type Chain, type Hop, verdictOf } from './hop.ts';
import { answerOf, destinationText, type ExplainInput, explanationOf, workloadName } from './input.ts';
import { plainLookup } from './kernel-words.ts';
import { announcedBy, deliveryHops, heldAnnouncements, isHeld, notAsked } from './owner.ts';
import { natHops, otherSendersHops } from './packets.ts';
import { speakerAt, speakerNamed } from './speakers.ts';
import { importHop, receivedPath, transit } from './transit.ts';
import { asNotes, isEncapsulated, tunnelHops, tunnelRoute, withoutTunnel } from './tunnel.ts';

/** Explains the destination as seen from a node. */
export function explainFrom(input: ExplainInput, from: string): Chain {
  const holding = holdingOf(input);
  const destination = destinationText(input);
  const hops = withoutRepeats(
    holding.pool === undefined ? outsidePools(input, from, holding) : insidePools(input, from, holding),
  );
  const { owner } = holding;
  const subject = `${destination} from ${from}`;
  return {
    destination,
    from,
    ...(owner !== undefined && { owner }),
    verdict: verdictOf(hops, subject, yesSentence(input, from, holding)),
    hops,
  };
}

function yesSentence(input: ExplainInput, from: string, { owner, workload }: Holding): string {
  const destination = destinationText(input);
  const whose = workload === undefined ? '' : ` (${workloadName(workload)})`;
  if (owner === from) return `${from} has ${destination}${whose} itself`;
  return `${from} has a way to ${destination}${whose}${owner === undefined ? '' : ` on ${owner}`}`;
}

function insidePools(input: ExplainInput, from: string, holding: Holding): Hop[] {
  const { announced, hops, owner } = holding;
  // Without an owner there is nothing to follow; a wide prefix has none either.
  if (owner === undefined) return [...hops, ...heldAnnouncements(input), ...heldRoutes(input, from)];
  const delivery = deliveryHops(input, owner, holding);
  if (owner === from) return [...hops, ...delivery];
  const byTunnel = tunneled(input, holding, owner, from);
  if (byTunnel !== undefined) return [...hops, ...delivery, ...byTunnel];
  const byBgp = announcedWay(input, owner, announced, from);
  return [...hops, ...delivery, ...withoutTunnel(explanationOf(input, from), input.destination, byBgp)];
}

function announcedWay(
  input: ExplainInput,
  owner: string,
  announced: Prefix | undefined,
  from: string,
): readonly Hop[] {
  const { announcing, prefix } = announcement(input, owner, announced);
  const isHidden = announcing.some(({ answer }) => answer === 'no');
  if (prefix === undefined || isHidden) return announcing;
  return [...announcing, ...followed(input, prefix, owner, from)];
}

/** What the owner says it announces; nothing where it was not asked. */
function announcement(
  input: ExplainInput,
  owner: string,
  expected: Prefix | undefined,
): { readonly announcing: readonly Hop[]; readonly prefix: Prefix | undefined } {
  const answer = answerOf(input, owner);
  if (answer.kind === 'not-asked') return { announcing: [], prefix: expected };
  const { hop, prefix } = announcedBy(answer.explanation, expected);
  return { announcing: [hop], prefix };
}

/** The way past BGP, if the receiver has one, or may have one and could not be asked. */
function tunneled(input: ExplainInput, holding: Holding, owner: string, from: string): Hop[] | undefined {
  const { announced, pool } = holding;
  const answer = answerOf(input, from);
  if (answer.kind === 'not-asked')
    return pool !== undefined && isEncapsulated(pool) ? [notAsked(from, answer.reason)] : undefined;
  const { announcing, prefix } = announcement(input, owner, announced);
  const route = tunnelRoute(answer.explanation, [input.destination, announced, prefix]);
  if (route === undefined) return undefined;
  const way =
    prefix === undefined
      ? []
      : transit(input, prefix, speakerNamed(input, owner), speakerNamed(input, from)).hops;
  return [...asNotes([...announcing, ...way]), ...tunnelHops(answer.explanation, route)];
}

/** From the owner's Adj-RIB-Out to the receiver's kernel. */
function followed(input: ExplainInput, prefix: Prefix, owner: string, from: string): Hop[] {
  const receiver = speakerNamed(input, from);
  const way = transit(input, prefix, speakerNamed(input, owner), receiver);
  const answer = answerOf(input, from);
  if (answer.kind === 'not-asked') return [...way.hops, notAsked(from, answer.reason)];
  const { explanation } = answer;
  const known = explanation.prefixes.find((one) => one.prefix === prefix);
  const path = way.last === undefined ? undefined : receivedPath(way.last, receiver, prefix);
  const isStopped = way.hops.some((hop) => hop.answer === 'no');
  if (!isStopped && known !== undefined && path !== undefined)
    return [...way.hops, ...arrivalHops(explanation, known, path)];
  return [...way.hops, ...leftBehind(explanation, prefix), ...plainLookup(explanation)];
}

/** A route that is still in the kernel although its path is gone: stale, or held by the fuse. */
function leftBehind({ node, routes }: NodeExplanation, prefix: Prefix): Hop[] {
  return routes
    .filter((route) => route.prefix === prefix && (route.state === 'stale' || isHeldRoute(route)))
    .slice(0, 1)
    .map((route) => stillThere(node, route));
}

/** Routes around a destination nobody has any more, which the receiver keeps all the same. */
function heldRoutes(input: ExplainInput, from: string): Hop[] {
  const { routes = [] } = explanationOf(input, from) ?? {};
  return routes.filter(isHeldRoute).map((route) => stillThere(from, route));
}

function stillThere(node: string, route: RouteStatus): Hop {
  const says = `${route.prefix} is still in the kernel of ${node}: ${route.reason}`;
  const next = isHeldRoute(route) ? { next: 'See what is held: weftctl fuse.' } : {};
  return { stage: 'route', node, answer: 'note', says, ...next };
}

function isHeldRoute({ reason, state }: RouteStatus): boolean {
  return state === 'in-kernel' && isHeld(reason);
}

/** An address outside the pools is nobody's here; a peer may have sent a way to it all the same, or a node announces it. */
function outsidePools(input: ExplainInput, from: string, { hops }: Holding): Hop[] {
  const answer = answerOf(input, from);
  if (answer.kind === 'not-asked') return [...hops, notAsked(from, answer.reason)];
  const { explanation } = answer;
  return [
    ...wayOutside(input, from, explanation, hops),
    ...natHops(explanation),
    ...otherSendersHops(explanation),
  ];
}

function wayOutside(
  input: ExplainInput,
  from: string,
  explanation: NodeExplanation,
  hops: readonly Hop[],
): Hop[] {
  const known = mostSpecific(explanation);
  if (known === undefined) return [...hops, ...plainLookup(explanation)];
  const noted = hops.map((hop): Hop => ({ stage: hop.stage, answer: 'note', says: hop.says }));
  const path = known.paths.find(({ best }) => best) ?? known.paths[0];
  if (path === undefined) return [...hops, ...plainLookup(explanation)];
  if (path.source === 'local')
    return [
      ...noted,
      { stage: 'announced', node: from, answer: 'yes', says: `${from} announces ${known.prefix} itself` },
      ...plainLookup(explanation),
    ];
  const session = explanation.sessions.find(({ configured, peer }) => configured && peer === path.peer);
  const sender = speakerAt(input, session ?? { peer: path.peer ?? '' });
  const arrived = importHop(sender, speakerNamed(input, from), path);
  if (arrived.answer === 'no') return [...noted, arrived, ...plainLookup(explanation)];
  return [
    ...noted,
    { ...arrived, says: `${known.prefix}: ${arrived.says}` },
    ...arrivalHops(explanation, known, path),
  ];
}

/** The longest prefix that was chosen, else the longest there is a path of. */
function mostSpecific({ prefixes }: NodeExplanation): ExplainedPrefix | undefined {
  const sorted = prefixes.toSorted(
    (left, right) => prefixLength(right.prefix as Prefix) - prefixLength(left.prefix as Prefix),
  );
  return sorted.find(({ paths }) => paths.some(({ best }) => best)) ?? sorted[0];
}

/** A node that was not asked says so once. */
function withoutRepeats(hops: readonly Hop[]): Hop[] {
  return hops.filter(
    (hop, index) =>
      hop.stage !== 'daemon' ||
      hops.findIndex(({ node, says }) => node === hop.node && says === hop.says) === index,
  );
}
