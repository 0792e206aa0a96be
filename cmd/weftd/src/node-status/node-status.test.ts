import type { BgpPeer, RouteStatus } from '@weft/control';
import { createMemoryStore } from '@weft/datastore';
import { apiVersion, type CalicoNodeStatus, readResource } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type NodeFacts, nodeStatusReport } from './report.ts';
import { NodeStatusReporter } from './reporter.ts';

const peer = (address: string, changes: Partial<BgpPeer> = {}): BgpPeer => ({
  address,
  port: 179,
  asn: 64512,
  type: 'node-to-node mesh',
  state: 'Established',
  since: '2026-11-21T09:00:00.000Z',
  info: '',
  families: [],
  counters: { updatesReceived: 0, prefixesReceived: 0, prefixesAdvertised: 0, established: 1 },
  ...changes,
});

const route = (prefix: string, routeClass: string, changes: Partial<RouteStatus> = {}): RouteStatus => ({
  prefix,
  type: 'unicast',
  via: [{ interface: 'eth0', gateway: '10.0.0.2' }],
  metric: 1024,
  class: routeClass,
  state: 'in-kernel',
  reason: '',
  ...changes,
});

const facts: NodeFacts = {
  now: '2026-11-21T10:00:00.000Z',
  startedAt: '2026-11-21T08:00:00.000Z',
  version: '0.1.0',
  bgpIdentifier: '10.0.0.1',
  peers: [
    peer('10.0.0.2'),
    peer('10.0.0.254', { type: 'global', state: 'Active' }),
    peer('fd00::9', { type: 'node specific', state: 'Idle' }),
  ],
  routes: [
    route('10.1.0.0/26', 'blackhole', { type: 'blackhole', via: [] }),
    route('10.1.0.5/32', 'local-workload', { via: [{ interface: 'cali1' }] }),
    route('10.1.0.64/26', 'no-encap'),
    route('10.9.0.0/16', 'no-encap', {
      state: 'failed',
      via: [{ interface: 'eth0', gateway: '10.0.0.254' }],
    }),
    route('fd00:1::/122', 'blackhole', { type: 'blackhole', via: [] }),
  ],
  learnedFrom: new Map([
    ['10.1.0.64/26', '10.0.0.2'],
    ['10.9.0.0/16', '10.0.0.254'],
  ]),
};

describe('the report', () => {
  it("says in Calico's words what it is asked for", () => {
    const daemon = {
      state: 'Ready',
      version: 'weft 0.1.0',
      routerID: '10.0.0.1',
      lastBootTime: facts.startedAt,
    };
    const since = '2026-11-21T09:00:00.000Z';
    const report = nodeStatusReport(['Agent', 'BGP', 'Routes'], facts);
    expect(report).toEqual({
      lastUpdated: facts.now,
      agent: { birdV4: daemon, birdV6: daemon },
      bgp: {
        numberEstablishedV4: 1,
        numberNotEstablishedV4: 1,
        numberEstablishedV6: 0,
        numberNotEstablishedV6: 1,
        peersV4: [
          { peerIP: '10.0.0.2', type: 'NodeMesh', state: 'Established', since },
          { peerIP: '10.0.0.254', type: 'GlobalPeer', state: 'Active', since },
        ],
        peersV6: [{ peerIP: 'fd00::9', type: 'NodePeer', state: 'Idle', since }],
      },
      routes: {
        routesV4: [
          { type: 'FIB', destination: '10.1.0.0/26', learnedFrom: { sourceType: 'Static' } },
          {
            type: 'FIB',
            destination: '10.1.0.5/32',
            interface: 'cali1',
            learnedFrom: { sourceType: 'Kernel' },
          },
          {
            type: 'FIB',
            destination: '10.1.0.64/26',
            gateway: '10.0.0.2',
            interface: 'eth0',
            learnedFrom: { sourceType: 'NodeMesh', peerIP: '10.0.0.2' },
          },
          {
            type: 'RIB',
            destination: '10.9.0.0/16',
            gateway: '10.0.0.254',
            interface: 'eth0',
            learnedFrom: { sourceType: 'BGPPeer', peerIP: '10.0.0.254' },
          },
        ],
        routesV6: [{ type: 'FIB', destination: 'fd00:1::/122', learnedFrom: { sourceType: 'Static' } }],
      },
    });
    expect(readResource({ ...request('x', 1), status: report })).toMatchObject({ ok: true });
  });

  it('has the classes that are wanted, and no others', () => {
    expect(Object.keys(nodeStatusReport(['BGP'], facts))).toEqual(['lastUpdated', 'bgp']);
    expect(nodeStatusReport(['Agent'], { ...facts, bgpIdentifier: undefined })).toMatchObject({
      agent: { birdV4: { state: 'NotReady' } },
    });
  });
});

function request(name: string, updatePeriodSeconds: number, node = 'node1'): CalicoNodeStatus {
  return {
    apiVersion,
    kind: 'CalicoNodeStatus',
    metadata: { name },
    spec: { node, classes: ['BGP'], updatePeriodSeconds },
  };
}

describe('the reporter', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  async function setUp(...objects: CalicoNodeStatus[]) {
    const store = createMemoryStore({ now: () => 0, uuid: () => 'uid' });
    for (const object of objects) await store.create(object);
    let reports = 0;
    const reporter = new NodeStatusReporter({
      nodeName: 'node1',
      store,
      log: { warn: () => {} } as unknown as Logger,
      facts: () => ({ ...facts, now: `report ${++reports}` }),
      mayWrite: () => true,
    });
    const follow = async () => reporter.follow((await store.list('CalicoNodeStatus')).items);
    const lastReport = async (name: string) => {
      await vi.advanceTimersByTimeAsync(0);
      return (await store.get({ kind: 'CalicoNodeStatus', name }))?.status?.lastUpdated;
    };
    return { store, reporter, follow, lastReport };
  }

  it('reports at once and then as often as the object says, until it says 0', async () => {
    const { follow, lastReport, store } = await setUp(request('mine', 10));
    await follow();
    expect(await lastReport('mine')).toBe('report 1');
    // Its own write comes back as a change.
    await follow();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await lastReport('mine')).toBe('report 2');
    const current = await store.get({ kind: 'CalicoNodeStatus', name: 'mine' });
    if (current === undefined) throw new Error('it is there');
    await store.update({ ...current, spec: { ...current.spec, updatePeriodSeconds: 0 } });
    await follow();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await lastReport('mine')).toBe('report 2');
  });

  it('leaves objects for other nodes alone, and forgets one that is deleted', async () => {
    const { follow, lastReport, reporter, store } = await setUp(
      request('mine', 10),
      request('other', 10, 'node2'),
    );
    await follow();
    expect(await lastReport('other')).toBeUndefined();
    await store.delete({ kind: 'CalicoNodeStatus', name: 'mine' });
    await follow();
    expect(vi.getTimerCount()).toBe(0);
    reporter.close();
  });
});
