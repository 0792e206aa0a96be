import type { DesiredTunnel } from '@weft/calc';
import { address, mac } from '@weft/ip';
import { FakeKernel } from '@weft/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualScheduler } from '../../test/manual-scheduler.ts';
import { TunnelDevices, type TunnelEvent } from './tunnel-devices.ts';
import { vtepMac } from './vtep-mac.ts';

const wanted: DesiredTunnel = {
  kind: 'vxlan',
  family: 4,
  name: 'vxlan.calico',
  mtuBytes: 1450,
  address: address('10.1.1.0'),
  local: address('10.0.0.1'),
  parent: 'eth0',
  vxlan: { vni: 4096, port: 4789 },
  peers: [
    { nodeName: 'node2', remote: address('10.0.0.2'), address: address('10.1.2.0') },
    {
      nodeName: 'node3',
      remote: address('10.0.9.1'),
      address: address('10.1.3.0'),
      mac: mac('66:00:00:00:00:03'),
    },
  ],
  reason: 'why',
};

let kernel: FakeKernel;
let scheduler: ManualScheduler;
let events: TunnelEvent[];
let devices: TunnelDevices;

beforeEach(() => {
  kernel = new FakeKernel();
  kernel.apply([{ op: 'add-bridge', name: 'eth0' }]);
  scheduler = new ManualScheduler();
  events = [];
  devices = new TunnelDevices({
    kernel,
    nodeName: 'node1',
    scheduler,
    report: (event) => events.push(event),
  });
});

/** Device, address, neighbours and forwarding table, a line each. */
function shown(name = 'vxlan.calico'): string[] {
  const link = kernel.link(name);
  if (link === undefined) return [];
  const { index, mtuBytes, up, vxlan } = link;
  const of = <T extends { interfaceIndex: number }>(items: readonly T[]) =>
    items.filter(({ interfaceIndex }) => interfaceIndex === index);
  return [
    `${name} ${link.mac} mtu ${mtuBytes} ${up ? 'up' : 'down'} id ${vxlan?.vni} port ${vxlan?.port} from ${vxlan?.local}`,
    ...of(kernel.addresses()).map((one) => `${one.address}/${one.prefixLength}`),
    ...of(kernel.neighbours())
      .map((one) => `${one.address} is ${one.mac}`)
      .sort(),
    ...kernel
      .forwardingEntries(index)
      .map((one) => `${one.mac} is at ${one.remote}`)
      .sort(),
  ];
}

const whole = [
  `vxlan.calico ${vtepMac('node1', 4)} mtu 1450 up id 4096 port 4789 from 10.0.0.1`,
  '10.1.1.0/32',
  `10.1.2.0 is ${vtepMac('node2', 4)}`,
  '10.1.3.0 is 66:00:00:00:00:03',
  '66:00:00:00:00:03 is at 10.0.9.1',
  `${vtepMac('node2', 4)} is at 10.0.0.2`,
];

const kinds = (): string[] => events.map(({ kind, name }) => `${kind} ${name}`);

function indexOf(name: string): number {
  return kernel.link(name)?.index ?? 0;
}

describe('the MAC of a VXLAN device', () => {
  // Felix's own tests: calculation graph, VXLAN.
  it.each([
    ['remotehostname', '66:3e:ca:a4:db:65'],
    ['remotehostname2', '66:40:18:59:1f:16'],
  ])('of %s is %s, as in Calico', (name, expected) => expect(vtepMac(name, 4)).toBe(expected));

  it('over IPv6 is another one', () => expect(vtepMac('remotehostname', 6)).toBe('66:a0:68:c9:4c:79'));
});

describe('a tunnel device', () => {
  it('is made with all that belongs to it before the call returns, and left alone after', async () => {
    devices.want([wanted]);
    expect(shown()).toEqual(whole);
    await scheduler.settle();
    await scheduler.advance(60_000);
    expect(kinds()).toEqual(['tunnel-changed vxlan.calico']);
  });

  it('is made before it has an address', () => {
    const { address: _, ...without } = wanted;
    devices.want([without]);
    expect(shown()).toEqual(whole.filter((line) => line !== '10.1.1.0/32'));
    devices.want([wanted]);
    expect(shown()).toEqual(whole);
  });

  it.each<[string, () => void]>([
    ['deleted', () => kernel.apply([{ op: 'delete-link', index: indexOf('vxlan.calico') }])],
    ['set down', () => kernel.apply([{ op: 'set-link', index: indexOf('vxlan.calico'), up: false }])],
    [
      'given another MTU',
      () => kernel.apply([{ op: 'set-link', index: indexOf('vxlan.calico'), mtuBytes: 1000 }]),
    ],
    [
      'given another MAC',
      () => kernel.apply([{ op: 'set-link', index: indexOf('vxlan.calico'), mac: '02:00:00:00:00:01' }]),
    ],
    [
      'given another address',
      () =>
        kernel.apply([
          {
            op: 'add-address',
            address: {
              interfaceIndex: indexOf('vxlan.calico'),
              address: address('192.0.2.1'),
              prefixLength: 24,
              scope: 'global',
            },
          },
        ]),
    ],
    [
      'made anew by somebody with another VNI',
      () =>
        kernel.apply([
          { op: 'delete-link', index: indexOf('vxlan.calico') },
          {
            op: 'add-vxlan',
            name: 'vxlan.calico',
            mac: '02:00:00:00:00:01',
            mtuBytes: 1450,
            vxlan: { vni: 1, port: 4789, local: address('10.0.0.1'), parentIndex: indexOf('eth0') },
          },
        ]),
    ],
  ])('that is %s is as it should be again', async (_, disturb) => {
    devices.want([wanted]);
    await scheduler.advance(1000);
    disturb();
    await scheduler.settle();
    await scheduler.advance(100);
    expect(shown()).toEqual(whole);
    expect(kinds()).toEqual(['tunnel-changed vxlan.calico', 'tunnel-repaired vxlan.calico']);
  });

  it('has its neighbours and forwarding entries back within ten seconds', async () => {
    devices.want([wanted]);
    await scheduler.advance(1000);
    const index = indexOf('vxlan.calico');
    kernel.apply([
      ...kernel.forwardingEntries(index).map((entry) => ({ op: 'delete-forwarding', entry }) as const),
      ...kernel.neighbours().map((neighbour) => ({ op: 'delete-neighbour', neighbour }) as const),
      {
        op: 'replace-forwarding',
        entry: { interfaceIndex: index, mac: '02:00:00:00:00:09', remote: address('192.0.2.9') },
      },
    ]);
    await scheduler.advance(10_000);
    expect(shown()).toEqual(whole);
  });

  it('follows nodes that come, go and move', () => {
    devices.want([wanted]);
    const [node2] = wanted.peers;
    const moved = { ...node2, nodeName: 'node2', remote: address('10.0.0.22'), address: address('10.1.2.0') };
    devices.want([{ ...wanted, peers: [moved] }]);
    expect(shown().slice(2)).toEqual([
      `10.1.2.0 is ${vtepMac('node2', 4)}`,
      `${vtepMac('node2', 4)} is at 10.0.0.22`,
    ]);
  });

  it('stays for ten seconds when nothing wants it any more, and says so', async () => {
    devices.want([wanted]);
    await scheduler.advance(1000);
    devices.want([]);
    await scheduler.advance(9000);
    expect([shown(), devices.isLeaving]).toEqual([whole, true]);
    await scheduler.advance(2000);
    expect([shown(), devices.isLeaving]).toEqual([[], false]);
  });

  it('that an earlier daemon left goes, too', async () => {
    devices.want([wanted]);
    devices.close();
    const later = new TunnelDevices({ kernel, nodeName: 'node1', scheduler });
    later.want([]);
    await scheduler.advance(11_000);
    expect(shown()).toEqual([]);
  });

  it('that an earlier daemon made is not touched', () => {
    devices.want([wanted]);
    const index = indexOf('vxlan.calico');
    devices.close();
    const later = new TunnelDevices({
      kernel,
      nodeName: 'node1',
      scheduler,
      report: (event) => events.push(event),
    });
    later.want([wanted]);
    expect([indexOf('vxlan.calico'), kinds()]).toEqual([index, ['tunnel-changed vxlan.calico']]);
  });

  it('that cannot be made is said once, and tried again', async () => {
    kernel.failNext('add-vxlan', 'ENOMEM', { times: 2 });
    devices.want([wanted]);
    await scheduler.advance(10_000);
    expect(kinds()).toEqual(['tunnel-failed vxlan.calico']);
    const reason = expect.stringContaining('vxlan.calico is made');
    expect(devices.status).toEqual([{ name: 'vxlan.calico', failure: { errno: 'ENOMEM', reason } }]);
    await scheduler.advance(10_000);
    expect(shown()).toEqual(whole);
    expect(devices.status).toEqual([{ name: 'vxlan.calico' }]);
  });

  it('of IPIP is refused in words where the kernel has none, as the kernel of the tests', () => {
    const { vxlan: _, ...rest } = wanted;
    devices.want([{ ...rest, kind: 'ipip', name: 'tunl0', mtuBytes: 1480 }]);
    expect(events).toEqual([
      {
        kind: 'tunnel-failed',
        name: 'tunl0',
        errno: 'EOPNOTSUPP',
        reason: expect.stringMatching(/^this kernel has no IPIP .*; use vxlanMode/),
      },
    ]);
    expect(devices.unsupported).toEqual(['tunl0']);
  });
});
