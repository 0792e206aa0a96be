/**
 * Why an address cannot be listened on, in three parts for the user: what happened, to which object, what to do next.
 */

import type { ListenAddress } from '../speaker/config.ts';

/** A failed attempt to listen. */
export interface ListenError {
  readonly kind: 'listen-error';
  readonly cause: 'address-in-use' | 'permission-denied' | 'family-not-supported' | 'other';
  /** Name of the errno, e.g. `EADDRINUSE`. */
  readonly errno: string;
  readonly message: string;
  /** Address and port, e.g. `10.0.0.1 port 179`. */
  readonly object: string;
  readonly hint: string;
}

/** Explains an errno of bind(2) or listen(2). */
export function listenError({ address, port }: ListenAddress, errno: string): ListenError {
  const object = `${address} port ${port}`;
  const base = { kind: 'listen-error', errno, object } as const;
  switch (errno) {
    case 'EADDRINUSE':
      return {
        ...base,
        cause: 'address-in-use',
        message: `cannot listen for BGP: port ${port} is taken by another program`,
        hint: `stop that program ("ss -ltnp 'sport = :${port}'" names it), or listen on another address or port`,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        ...base,
        cause: 'permission-denied',
        message: `cannot listen for BGP: this process may not use port ${port}`,
        hint: 'run it as root or with CAP_NET_BIND_SERVICE and CAP_NET_ADMIN, or listen on a port above 1023',
      };
    case 'EAFNOSUPPORT':
      return {
        ...base,
        cause: 'family-not-supported',
        message: 'cannot listen for BGP: the kernel has no such address family',
        hint: 'turn IPv6 on, or leave the address out',
      };
    default:
      return {
        ...base,
        cause: 'other',
        message: `cannot listen for BGP: ${errno}`,
        hint: 'check that the address is one of this host and the port a number from 1 to 65535',
      };
  }
}
