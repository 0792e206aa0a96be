import type { InteropCase } from '../daemon/case.ts';

const NO_RFC_8950 = 'it does not know RFC 8950';

export const routesAndWithdraw: InteropCase = {
  directory: import.meta.dirname,
  values: { extendedNextHop: undefined, ipv4NextHop: '192.0.2.2' },
  notSupported: {
    'RFC 8950: speaker to daemon, IPv4 with an IPv6 next hop': { openbgpd: NO_RFC_8950 },
    'RFC 8950: daemon to speaker, IPv4 with an IPv6 next hop': { openbgpd: NO_RFC_8950 },
  },
  quirks: {
    bird: ['sends MULTI_EXIT_DISC to external peers only when the export filter sets it'],
    frr: ['sends external routes back to the peer they came from, which finds its own AS number in them'],
    gobgp: ['gives IPv4 routes an IPv6 next hop on every IPv6 session'],
    openbgpd: [
      'gives routes of the other family than that of the session a loopback address as next hop in eBGP',
    ],
  },
};
