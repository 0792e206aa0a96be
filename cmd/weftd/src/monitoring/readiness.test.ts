import type { DataplaneStatus } from '@weft/dataplane';
import { describe, expect, it } from 'vitest';
import { type ReadinessFacts, readiness } from './readiness.ts';

const up = { state: 'Established' } as const;
const down = { state: 'Active' } as const;

const ready: ReadinessFacts = {
  inSync: true,
  storeAway: undefined,
  awaited: undefined,
  noBgpReason: undefined,
  listenError: undefined,
  peers: [up, up],
  isSettling: false,
  awaitsRoutes: false,
  dataplane: { inSync: true, toWrite: 0, waiting: 0, ended: 0 } as DataplaneStatus,
  natFailure: undefined,
  tunnels: [{ name: 'vxlan.calico' }],
};

describe('a node', () => {
  it.each([
    ['whose sessions are up', {}],
    ['without peers', { peers: [] }],
    ['with one session of two, later', { peers: [up, down] }],
    ['that still awaits routes, later', { awaitsRoutes: true }],
    [
      'whose kernel has no IPIP',
      { tunnels: [{ name: 'tunl0', failure: { errno: 'EOPNOTSUPP', reason: 'no IPIP' } }] },
    ],
    ['that writes no routes', { dataplane: undefined }],
    [
      'on which containers have ended unannounced',
      { dataplane: { inSync: false, toWrite: 0, waiting: 2, ended: 2 } as DataplaneStatus },
    ],
  ])('%s is ready', (_, facts) => {
    expect(readiness({ ...ready, ...facts })).toEqual({ ok: true, reasons: [] });
  });

  it.each([
    [{ peers: [down, down] }, /^none of 2 BGP sessions is Established$/],
    [{ peers: [down, down], isSettling: true }, /^none of 2 BGP sessions is Established$/],
    [
      { peers: [up, down], isSettling: true },
      /^BGP has just started, and 1 of 2 sessions are not Established$/,
    ],
    [
      { awaitsRoutes: true, isSettling: true },
      /^BGP has just started, and peers have not sent all their routes$/,
    ],
    [
      { dataplane: { inSync: false, toWrite: 3, waiting: 4, ended: 2 } as DataplaneStatus },
      /^5 wanted routes are not in the kernel$/,
    ],
    [{ inSync: false }, /^the datastore is not in sync$/],
    [{ inSync: false, storeAway: 'it is away' }, /^it is away$/],
    [{ awaited: 'it waits' }, /^weftd is starting: it waits$/],
    [
      { tunnels: [{ name: 'vxlan.calico', failure: { errno: 'EEXIST', reason: 'taken' } }] },
      /^the tunnel vxlan.calico: taken$/,
    ],
    [{ noBgpReason: 'no Node' }, /^no BGP: no Node$/],
  ])('is not ready with %j', (facts, reason) => {
    expect(readiness({ ...ready, ...facts })).toEqual({
      ok: false,
      reasons: [expect.stringMatching(reason)],
    });
  });
});
