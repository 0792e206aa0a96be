import type { InteropCase } from '../daemon/case.ts';

export const md5: InteropCase = { directory: import.meta.dirname, notSupported: {} };
