import type { InteropCase } from '../daemon/case.ts';

export const addPath: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {},
};
