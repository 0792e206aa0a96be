/** What the node that has the destination does for it: the endpoint, its host route, the announcement. */
import type { ExplainedAnnouncement, KernelLookup, NodeExplanation, RouteStatus } from '@weft/control';
import { type Address, hostPrefix, type Prefix, prefixLength } from '@weft/ip';
import type { Holding } from './holding.ts';
import type { Hop } from './hop.ts';
import { addressOf, answerOf, type ExplainInput } from './input.ts';
import { describeLookup, plainLookup, routeState } from './kernel-words.ts';
import { natHops, otherSendersHops, sourceGuardHops } from './packets.ts';

/** What the owner's own node says; that it cannot be asked when it cannot. */
export function deliveryHops(input: ExplainInput, owner: string, holding: Holding): Hop[] {
  const answer = answerOf(input, owner);
  if (answer.kind === 'not-asked') return [notAsked(owner, answer.reason)];
  const { explanation } = answer;
  const address = addressOf(input);
  const hops: Hop[] = [];
  if (explanation.notCurrent !== undefined)
    hops.push({
      stage: 'daemon',
      node: owner,
      answer: 'note',
      says: `${owner} may be behind the datastore: ${explanation.notCurrent}`,
    });
  if (address === undefined) return hops;
  if (!holding.isWorkloads) return [...hops, ...plainLookup(explanation)];
  const endpoint = endpointHop(explanation);
  if (endpoint.answer === 'no') return [...hops, endpoint, ...plainLookup(explanation)];
  return [
    ...hops,
    endpoint,
    hostRouteHop(explanation, hostPrefix(address)),
    ...sourceGuardHops(explanation),
    ...otherSendersHops(explanation),
    ...natHops(explanation),
    ...peeringHops(explanation, address),
  ];
}

/** A workload may speak BGP with its own node: how that stands, or why it does not. */
function peeringHops({ node, sessions }: NodeExplanation, address: Address): Hop[] {
  return sessions
    .filter(({ peer }) => peer === address)
    .map(({ configured, lastError, reason, state = 'Idle' }) => {
      const error = lastError === undefined ? '' : `: ${lastError}`;
      const says = configured
        ? `its BGP session with ${node} is ${state}${error}`
        : `${node} has no BGP session with it: ${reason}`;
      return { stage: 'session', node, answer: 'note', says, rule: reason };
    });
}

/** The daemon of a node could not be asked. */
export function notAsked(node: string, reason: string): Hop {
  return {
    stage: 'daemon',
    node,
    answer: 'unknown',
    says: `${node} was not asked: ${reason}`,
    next: `Is weftd running on ${node}? Run this command there, or where its control address is reached.`,
  };
}

function endpointHop({ endpoints, node }: NodeExplanation): Hop {
  const [found] = endpoints;
  if (found === undefined)
    return {
      stage: 'endpoint',
      node,
      answer: 'no',
      says: `weftd on ${node} has no endpoint with this address`,
      next: `The container is gone, or ${node} does not know it: weftctl ipam check.`,
    };
  return {
    stage: 'endpoint',
    node,
    answer: 'yes',
    says: `${found.name} is plugged in${found.hostInterface === undefined ? '' : ` on ${found.hostInterface}`}`,
  };
}

function hostRouteHop(explanation: NodeExplanation, destination: Prefix): Hop {
  const { lookup, node, routes } = explanation;
  const route = routes.find((one) => one.prefix === destination && one.class === 'local-workload');
  const stage = 'host route';
  if (route === undefined)
    return {
      stage,
      node,
      answer: 'no',
      says: `${node} wants no route to ${destination}`,
      next: `See what it wants: weftctl routes ${node}.`,
    };
  const state = routeState(stage, node, route);
  if (state.answer !== 'yes') return state;
  return shadowed(stage, node, route, lookup) ?? state;
}

/** Something else than the wanted route is what the kernel goes by. */
export function shadowed(
  stage: 'host route' | 'lookup',
  node: string,
  wanted: RouteStatus,
  lookup: KernelLookup | undefined,
): Hop | undefined {
  const taken = lookup?.route ?? lookup?.dropping;
  if (lookup === undefined || taken === undefined) return undefined;
  const isWanted = taken.protocol === 'weft' && taken.prefix === wanted.prefix;
  if (isWanted) return undefined;
  const way = (route: Pick<RouteStatus, 'via'>): string =>
    route.via.map((hop) => `${hop.gateway} ${hop.interface}`).join();
  if (lookup.route !== undefined && way(taken) === way(wanted))
    return {
      stage,
      node,
      answer: 'note',
      says: `packets take another route that leads the same way: ${describeLookup(taken)}`,
    };
  const why =
    taken.table !== MAIN_TABLE
      ? `a rule leads to table ${taken.table}`
      : prefixLength(taken.prefix as Prefix) > prefixLength(wanted.prefix as Prefix)
        ? 'it is more specific'
        : 'it comes first';
  return {
    stage,
    node,
    answer: 'no',
    says: `packets on ${node} do not take weft's route but ${describeLookup(taken)}: ${why}`,
    rule: `protocol ${taken.protocol}`,
    next: `It is not weft's: find out who wrote it; on ${node}: ip route get ${lookup.address}.`,
  };
}

const MAIN_TABLE = 254;

/** Whether the owner announces it, and what it announces. */
export function announcedBy(
  explanation: NodeExplanation,
  expected: Prefix | undefined,
): { readonly hop: Hop; readonly prefix: Prefix | undefined } {
  const { announcements, noBgp, node } = explanation;
  const stage = 'announced';
  if (noBgp !== undefined)
    return {
      hop: { stage, node, answer: 'no', says: `${node} speaks no BGP: ${noBgp}`, rule: noBgp },
      prefix: expected,
    };
  const said = longest(announcements.filter(({ announced }) => announced));
  if (said !== undefined)
    return {
      hop: { stage, node, answer: 'yes', says: announcedText(node, said), rule: said.reason },
      prefix: said.prefix as Prefix,
    };
  const refused = longest(announcements);
  const hop: Hop =
    refused === undefined
      ? {
          stage,
          node,
          answer: 'no',
          says: `${node} has nothing to announce for it${expected === undefined ? '' : `: it knows no claim of its own on ${expected}`}`,
          next: `See what it has read: weftctl node status ${node}.`,
        }
      : {
          stage,
          node,
          answer: 'no',
          says: `${node} does not announce ${refused.prefix}: ${refused.reason}`,
          rule: refused.reason,
        };
  return { hop, prefix: (refused?.prefix as Prefix | undefined) ?? expected };
}

/** What every node that was asked still announces of a destination nobody has any more. */
export function heldAnnouncements({ answers }: ExplainInput): Hop[] {
  return [...answers.values()].flatMap((answer) => {
    if (answer.kind === 'not-asked') return [];
    const { announcements, node } = answer.explanation;
    return announcements
      .filter((one) => one.announced && isHeld(one.reason))
      .map(
        (one): Hop => ({
          stage: 'announced',
          node,
          answer: 'note',
          says: announcedText(node, one),
          rule: one.reason,
        }),
      );
  });
}

function announcedText(node: string, { prefix, reason }: ExplainedAnnouncement): string {
  if (!isHeld(reason)) return `${node} announces ${prefix}`;
  return `${node} goes on announcing ${prefix} until somebody decides (weftctl fuse)`;
}

/** weftd says so of what a fuse keeps: routes of the kernel, and announcements. */
export function isHeld(reason: string): boolean {
  return reason.startsWith('held by the fuse');
}

/** The most specific one; of an address alone and its block that is the address. */
function longest(announcements: readonly ExplainedAnnouncement[]): ExplainedAnnouncement | undefined {
  return [...announcements].sort(
    (left, right) => prefixLength(right.prefix as Prefix) - prefixLength(left.prefix as Prefix),
  )[0];
}
