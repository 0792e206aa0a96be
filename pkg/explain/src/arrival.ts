/** What a node makes of a path it has let in: next hop, best path, route, and what its kernel does in the end. */
import type { ExplainedPath, ExplainedPrefix, NodeExplanation, RouteStatus } from '@weft/control';
import type { Hop } from './hop.ts';
import { describeWays, routeState } from './kernel-words.ts';
import { shadowed } from './owner.ts';
import { lostHop } from './transit.ts';

/** From the Adj-RIB-In to the kernel. */
export function arrivalHops(
  explanation: NodeExplanation,
  known: ExplainedPrefix,
  path: ExplainedPath,
): Hop[] {
  const { node } = explanation;
  const nextHop = nextHopHop(explanation, path);
  if (nextHop?.answer === 'no') return [nextHop];
  const first = nextHop === undefined ? [] : [nextHop];
  if (!path.best && !path.multipath) return [...first, lostHop(node, path)];
  const chosen: Hop = {
    stage: 'best path',
    node,
    answer: 'yes',
    says: path.best ? `${node} has chosen it${rivals(known)}` : `${node} uses it beside the best path (ECMP)`,
  };
  return [...first, chosen, ...routeHops(explanation, known)];
}

function rivals({ paths }: ExplainedPrefix): string {
  const others = paths.filter(({ best }) => !best);
  if (others.length === 0) return ', the only path';
  const steps = new Set(others.flatMap(({ lost }) => lost?.step ?? lost?.kind ?? []));
  return ` among ${paths.length} paths (${[...steps].join(', ')})`;
}

function nextHopHop({ nextHops, node }: NodeExplanation, { nextHop }: ExplainedPath): Hop | undefined {
  const status = nextHops.find(({ address }) => address === nextHop);
  if (status === undefined) return undefined;
  if (status.reachable) return { stage: 'next hop', node, answer: 'yes', says: status.reason };
  return {
    stage: 'next hop',
    node,
    answer: 'no',
    says: `${node} does not reach the next hop ${status.address}: ${status.reason}`,
    rule: status.reason,
    next: `On ${node}: ip route get ${status.address}; are interface and address as they should be?`,
  };
}

function routeHops(explanation: NodeExplanation, { noRoute, prefix }: ExplainedPrefix): Hop[] {
  const { node, routes } = explanation;
  if (noRoute !== undefined)
    return [
      {
        stage: 'route',
        node,
        answer: 'no',
        says: `${node} writes no route for ${prefix}: ${noRoute}`,
        rule: noRoute,
      },
    ];
  const route = routes.find((one) => one.prefix === prefix && !LOCAL.has(one.class ?? ''));
  if (route === undefined)
    return [
      {
        stage: 'route',
        node,
        answer: 'no',
        says: `${node} wants no route for ${prefix}`,
        next: `See what it wants: weftctl routes ${node}.`,
      },
    ];
  return kernelHops(explanation, route);
}

/** What the kernel has of a wanted route, and whether packets take it. */
export function kernelHops(explanation: NodeExplanation, route: RouteStatus): Hop[] {
  const state = routeState('route', explanation.node, route);
  return state.answer === 'no' ? [state] : [state, lookupHop(explanation, route)];
}

/** Classes of routes to what is on the node itself. */
const LOCAL: ReadonlySet<string> = new Set([
  'local-workload',
  'blackhole',
  'workload-gateway',
  'peer-gateway',
]);

function lookupHop({ lookup, node }: NodeExplanation, wanted: RouteStatus): Hop {
  if (lookup === undefined)
    return { stage: 'lookup', node, answer: 'unknown', says: `the kernel of ${node} was not asked` };
  const other = shadowed('lookup', node, wanted, lookup);
  if (other !== undefined) return other;
  if (lookup.route === undefined)
    return {
      stage: 'lookup',
      node,
      answer: 'no',
      says: `the kernel of ${node} finds no way to ${lookup.address}`,
      next: `On ${node}: ip route get ${lookup.address}; ip rule.`,
    };
  return {
    stage: 'lookup',
    node,
    answer: 'yes',
    says: `packets to ${lookup.address} leave ${describeWays(lookup.route.via)}`,
  };
}
