import type { InteropCase } from '../daemon/case.ts';

export const session: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    'hold time 0': { openbgpd: 'its configuration takes no hold time below 3 s' },
  },
};
