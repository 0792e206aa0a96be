/** A daemon as the CNI commands see it, for their tests. */
import { createLogger } from '@weft/telemetry';
import type { CniHost } from '../src/cni/cni-host.ts';

/** One without endpoints, at which nothing is under way and everything possible, but for what is told. */
export function fakeCniHost(told: Partial<CniHost>): CniHost {
  return {
    log: createLogger({ name: 'test', level: 'silent' as 'error' }),
    attach: () => Promise.reject(new Error('the test attaches nothing')),
    detach: async (id) => ({ kind: 'not-attached', id, addresses: [] }),
    isUnderWay: () => false,
    settled: async () => {},
    isPluggedIn: () => false,
    differences: () => [],
    endpoints: () => [],
    endpoint: () => undefined,
    readiness: () => ({ ok: true, reasons: [] }),
    isPossible: () => true,
    ...told,
  };
}
