/** Routes of the kernel in words. */
import type { KernelRoute, NodeExplanation, RouteStatus } from '@weft/control';
import type { Hop, Stage } from './hop.ts';

/** `10.1.0.0/26 via 10.0.0.2 dev eth0 proto static`. */
export function describeLookup({ metric, prefix, protocol, table, type, via }: KernelRoute): string {
  const ways = describeWays(via);
  return [
    ...(type === 'unicast' ? [] : [type]),
    prefix,
    ...(ways === '' ? [] : [ways]),
    `proto ${protocol}`,
    ...(metric === 0 ? [] : [`metric ${metric}`]),
    ...(table === 254 ? [] : [`table ${table}`]),
  ].join(' ');
}

/** `via 10.0.0.2 dev eth0`, several separated by commas. */
export function describeWays(via: RouteStatus['via']): string {
  return via
    .map(({ gateway, interface: name }) => `${gateway === undefined ? '' : `via ${gateway} `}dev ${name}`)
    .join(', ');
}

/** What a route of weft's is in the kernel, as a hop. */
export function routeState(stage: Stage, node: string, route: RouteStatus): Hop {
  const { detail, prefix, state, via } = route;
  const ways = describeWays(via);
  const what = `${prefix}${ways === '' ? '' : ` ${ways}`}`;
  const why = detail === undefined ? '' : `: ${detail}`;
  const say = (answer: Hop['answer'], says: string, next?: string): Hop => ({
    stage,
    node,
    answer,
    says,
    ...(answer === 'no' && { rule: state }),
    ...(next !== undefined && { next }),
  });
  const see = `See it: weftctl routes ${node} -o wide.`;
  switch (state) {
    case 'in-kernel':
      return say('yes', `${what} is in the kernel`);
    case 'pending':
      return say(
        'no',
        `${what} is wanted and not in the kernel${why}`,
        `It is written in a moment; if it stays so, FelixConfiguration may forbid writing (routeSyncDisabled). ${see}`,
      );
    case 'waiting':
      return say('no', `${what} waits for its interface${why}`, `Is the interface there and up? ${see}`);
    case 'failed':
      return say('no', `the kernel of ${node} refuses ${what}${why}`, see);
    case 'shadowed':
      return say('no', `${what} has to stand back${why}`, see);
    case 'stale':
      return say(
        'no',
        `${what} is a left-over: it is in the kernel and nobody wants it any more`,
        'It goes once every peer has sent its routes.',
      );
  }
}

/** What the kernel of a node does with packets to an address that weft has no route for: worth knowing, no obstacle. */
export function plainLookup({ lookup, node }: NodeExplanation): Hop[] {
  if (lookup === undefined) return [];
  const { address, dropping, route } = lookup;
  const says =
    route !== undefined
      ? `the kernel of ${node} sends packets to ${address} by ${describeLookup(route)}`
      : dropping !== undefined
        ? `the kernel of ${node} drops packets to ${address}: ${describeLookup(dropping)}`
        : `the kernel of ${node} has no route to ${address}`;
  return [{ stage: 'lookup', node, answer: 'note', says }];
}
