import type { InteropCase } from '../daemon/case.ts';

export const longLivedGracefulRestart: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    '*': { openbgpd: 'OpenBGPD has no LLGR', exabgp: 'ExaBGP keeps no routes' },
  },
};
