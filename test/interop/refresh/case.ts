import type { InteropCase } from '../daemon/case.ts';

export const refresh: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    'the daemon asks the speaker': { gobgp: 'it has no command that sends a request' },
    'the speaker asks the daemon': {
      openbgpd: 'it refuses every request: "AID IPv4 unicast not negotiated", which it is',
    },
    'RFC 7313: enhanced refresh is agreed on': { gobgp: 'it does not announce it' },
  },
};
