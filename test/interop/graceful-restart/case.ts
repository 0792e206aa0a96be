import type { InteropCase } from '../daemon/case.ts';

export const gracefulRestart: InteropCase = {
  directory: import.meta.dirname,
  values: { notification: undefined },
  notSupported: {
    '*': { gobgp: 'not tried', openbgpd: 'not tried', exabgp: 'not tried' },
    'RFC 8538: routes stay through a NOTIFICATION': { bird: 'BIRD 2.0.12 does not know the N bit' },
  },
};
