import type { InteropCase } from '../daemon/case.ts';

export const roles: InteropCase = {
  directory: import.meta.dirname,
  notSupported: { '*': { gobgp: 'it knows no roles', exabgp: 'it knows no roles' } },
};
