import { address, prefix } from '@weft/ip';
import type { Ipam, Leak, ReclaimSnapshot, ReleaseRequest } from '@weft/ipam';
import type { Logger } from '@weft/telemetry';
import { expect, it } from 'vitest';
import { carryOut, type Tools } from './carry-out.ts';

const cidr = prefix('10.0.0.0/30');
const leak: Leak = {
  address: address('10.0.0.1'),
  block: cidr,
  handle: 'net.web',
  sequenceNumber: 7n,
  heldFor: 'shop/web',
  node: 'node1',
  reason: 'workload-gone',
  message: '',
};
const attributes = [{ handle_id: 'net.web', secondary: { pod: 'web', namespace: 'shop', node: 'node1' } }];
const spec = {
  cidr,
  allocations: [null, 0, null, null],
  attributes,
  sequenceNumberForAllocation: { '1': 7n },
};
const snapshot = {
  blocks: [{ spec }],
  nodes: new Set(['node1']),
  users: [],
  arePods: true,
} as unknown as ReclaimSnapshot;

function tools(changes: Partial<Tools> = {}): { tools: Tools; requests: ReleaseRequest[] } {
  const requests: ReleaseRequest[] = [];
  const releaseIps: Ipam['releaseIps'] = async (asked) => {
    requests.push(...asked);
    return asked.map((one) => ({ address: one.address, kind: 'released', message: '' }));
  };
  return {
    requests,
    tools: {
      state: { snapshot: () => snapshot },
      cluster: { get: async () => undefined },
      ipam: { releaseIps } as Ipam,
      nodeExists: async () => true,
      now: () => 0,
      mayAct: () => true,
      onReleased: () => {},
      log: { info: () => {} } as unknown as Logger,
      ...changes,
    },
  };
}

const steps = [{ kind: 'release-addresses', leaks: [leak] }] as const;

it('a leak is released by its handle and the number of its allocation, and no other', async () => {
  const { tools: all, requests } = tools();
  expect(await carryOut(steps, all)).toEqual([]);
  expect(requests).toEqual([{ address: leak.address, handle: 'net.web', sequenceNumber: 7n }]);
});

it('nothing is released by one who stopped leading while it asked', async () => {
  let isAsked = false;
  const get = async (): Promise<undefined> => {
    isAsked = true;
    return undefined;
  };
  const { tools: all, requests } = tools({ cluster: { get }, mayAct: () => !isAsked });
  await carryOut(steps, all);
  expect([isAsked, requests]).toEqual([true, []]);
});
