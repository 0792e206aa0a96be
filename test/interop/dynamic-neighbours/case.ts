import type { InteropCase } from '../daemon/case.ts';

export const dynamicNeighbours: InteropCase = {
  directory: import.meta.dirname,
  values: { password: undefined },
  notSupported: {},
};
