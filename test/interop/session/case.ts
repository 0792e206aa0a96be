import type { InteropCase } from '../daemon/case.ts';

export const session: InteropCase = { directory: import.meta.dirname, notSupported: {} };
