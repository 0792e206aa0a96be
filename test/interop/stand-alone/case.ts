import type { InteropCase } from '../daemon/case.ts';

export const standAlone: InteropCase = {
  directory: import.meta.dirname,
  notSupported: { '*': { gobgp: 'not tried', openbgpd: 'not tried', exabgp: 'not tried' } },
  quirks: {
    frr: [
      'with "bgp graceful-restart" it says for 120 s after its start that it has restarted; nobody may wait for the routes of such a peer (RFC 4724 §4.1)',
    ],
  },
};
