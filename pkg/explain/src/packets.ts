/**
 * What happens to packets beside their routes: the source guard, which drops what a workload sends from an address that is not its
 * own, and address translation. Worth knowing, and no obstacle on the way to the destination.
 */
import type { NodeExplanation } from '@weft/control';
import type { Hop } from './hop.ts';

/**
 * Whether what the workload sends from its address is let through, by the rule of the guard: the host's route leads to it. Where
 * nftables could not be written that is not certain.
 */
export function sourceGuardHops({
  allowedSources = [],
  endpoints,
  lookup,
  natFailure,
  node,
}: NodeExplanation): Hop[] {
  const hostInterface = endpoints[0]?.hostInterface;
  if (hostInterface === undefined || lookup === undefined) return [];
  const { address, route } = lookup;
  const from = `what it sends from ${address}`;
  const note = (says: string): Hop[] => [{ stage: 'source guard', node, answer: 'note', says }];
  if (natFailure !== undefined)
    return note(`${from} may not be checked: nftables of ${node} are not as wanted: ${natFailure}`);
  if (route?.via.some((hop) => hop.interface === hostInterface))
    return note(`${from} is let through: the route of ${node} to it leads to ${hostInterface}`);
  const allowed = allowedSources.find((one) => one.hostInterface === hostInterface);
  if (allowed !== undefined)
    return note(`${from} is let through: ${hostInterface} may send from ${allowed.prefix}, too`);
  return note(`${from} is dropped: the route of ${node} to it does not lead to ${hostInterface}`);
}

/** Who else may send from the destination: other interfaces of its container, or workloads that have asked. */
export function otherSendersHops({ allowedSources = [], endpoints, node }: NodeExplanation): Hop[] {
  return allowedSources
    .filter((one) => one.hostInterface !== endpoints[0]?.hostInterface)
    .map(({ hostInterface, prefix }) => ({
      stage: 'source guard',
      node,
      answer: 'note',
      says: `the workload on ${hostInterface} may send from ${prefix}, too`,
    }));
}

/** Each translation that packets from the destination or to it meet on the node. */
export function natHops({ nat, node }: NodeExplanation): Hop[] {
  return nat.map((says) => ({ stage: 'nat', node, answer: 'note', says }));
}
