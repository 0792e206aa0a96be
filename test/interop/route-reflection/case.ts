import type { InteropCase } from '../daemon/case.ts';

export const routeReflection: InteropCase = { directory: import.meta.dirname, notSupported: {} };
