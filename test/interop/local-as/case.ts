import type { InteropCase } from '../daemon/case.ts';

export const localAs: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    'RFC 4271 §9.1.2: a path through the own AS is refused, but as often as allowed taken': {
      openbgpd: 'it prepends its own AS number and no other one',
    },
  },
};
