import type { InteropCase } from '../daemon/case.ts';

export const rangesOfDaemon: InteropCase = { directory: import.meta.dirname, notSupported: {} };
