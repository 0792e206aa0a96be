import type { InteropCase } from '../daemon/case.ts';

export const roles: InteropCase = {
  directory: import.meta.dirname,
  values: { role: undefined },
  notSupported: {
    '*': {
      gobgp: 'GoBGP has no roles',
      openbgpd: 'not tried',
      exabgp: 'ExaBGP has no roles',
    },
  },
};
