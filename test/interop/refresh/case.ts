import type { InteropCase } from '../daemon/case.ts';

export const refresh: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    'the daemon asks the speaker': { gobgp: 'GoBGP 3.10 has no command that sends a request' },
    'the speaker asks the daemon': {
      openbgpd: 'OpenBGPD 7.7 refuses every request: "AID IPv4 unicast not negotiated", which it is',
    },
    'RFC 7313: enhanced refresh is agreed on': { gobgp: 'GoBGP 3.10 does not announce it' },
  },
};
