/**
 * What an errno of the kernel means for a route, in three parts: what happened, to which route, what to do next.
 */
import type { Refusal, Route } from '@weft/kernel';
import { REPAIRS_PER_SECOND } from './repairs.ts';

/** The refusal in words for a user. */
export function refusalReason(route: Route, refusal: Refusal): string {
  const name = `${route.destination} metric ${route.metric}`;
  return `${happened(refusal, name)}; ${nextStep(refusal.errno, route)}`;
}

function happened({ errno, message }: Refusal, name: string): string {
  if (errno === 'EEXIST') return `a route that weft did not write holds ${name}`;
  return `the kernel refused ${name} with ${errno}${message === undefined ? '' : ` (${message})`}`;
}

function nextStep(errno: string, { destination, nextHops }: Route): string {
  const gateways = nextHops.flatMap(({ gateway }) => gateway ?? []).join(', ');
  switch (errno) {
    case 'EEXIST':
      return `weft leaves it; see \`ip route show ${destination}\` and delete it if it should not be there`;
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EINVAL':
      return `see whether the gateway ${gateways || '(none)'} is on a connected subnet: \`ip route get ${gateways || destination}\``;
    case 'EPERM':
    case 'EACCES':
      return 'run weftd with CAP_NET_ADMIN';
    case 'ENOMEM':
    case 'ENOBUFS':
    case 'ENOSPC':
      return 'the kernel has no room: see net.ipv6.route.max_size and free memory';
    default:
      return 'weft tries again';
  }
}

/** The words for a route that is changed by somebody else as fast as it is repaired. */
export function contentionReason({ destination, metric }: Route): string {
  return (
    `${destination} metric ${metric} was repaired ${REPAIRS_PER_SECOND} times within a second; ` +
    'weft goes on more slowly, find who changes it with `ip monitor route`'
  );
}
