import { address, mac, prefix } from '@weft/ip';
import { FakeKernel, type Kernel, MAIN_TABLE, type Route, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { plugEndpoint, unplugEndpoint } from './plug.ts';
import { type EndpointSpec, hostRoutesOf } from './spec.ts';

const spec: EndpointSpec = {
  hostInterface: 'cali1',
  containerInterface: 'eth0',
  netns: '/run/netns/pod',
  addresses: [address('10.0.0.5'), address('fd00::5')],
  mtuBytes: 1400,
};
const staticRoute: Route = {
  table: MAIN_TABLE,
  destination: prefix('10.0.0.5/32'),
  metric: 1024,
  type: 'blackhole',
  protocol: 4,
  scope: 'global',
  nextHops: [],
};

let host: FakeKernel;
let pod: FakeKernel;
beforeEach(() => {
  host = new FakeKernel();
  pod = host.addNetns('/run/netns/pod');
});

/** Everything a kernel holds, in an order of its own, but whether the loopback is up. */
const stateOf = (kernel: Kernel): object => ({
  links: sorted(kernel.links().filter(({ name }) => name !== 'lo')),
  addresses: sorted(kernel.addresses()),
  routes: sorted(kernel.routes()),
  neighbours: sorted(kernel.neighbours()),
});
const sorted = <T>(entries: readonly T[]): T[] =>
  [...entries].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
const nothing = { links: [], addresses: [], routes: [], neighbours: [] };

const plug = () => {
  const plugged = plugEndpoint(host, spec);
  if (plugged.kind !== 'plugged') throw new Error(plugged.message);
  return plugged;
};

describe('plugging in', () => {
  it('makes interfaces, addresses, routes and neighbours at both ends', () => {
    const { created, hostIndex, containerMac } = plug();
    expect(created).toBe(true);
    expect(host.link('cali1')).toMatchObject({
      index: hostIndex,
      mac: 'ee:ee:ee:ee:ee:ee',
      mtuBytes: 1400,
      running: true,
    });
    expect(pod.link('eth0')).toMatchObject({ mac: containerMac, mtuBytes: 1400, running: true });
    expect(pod.link('lo')?.up).toBe(true);
    expect(pod.addresses().map((found) => `${found.address}/${found.prefixLength}`)).toEqual([
      '10.0.0.5/32',
      'fd00::5/128',
    ]);
    expect(pod.neighbours().map((found) => `${found.address} ${found.mac}`)).toEqual([
      '169.254.1.1 ee:ee:ee:ee:ee:ee',
      'fe80::ecee:eeff:feee:eeee ee:ee:ee:ee:ee:ee',
    ]);
    expect(host.neighbours().map((found) => `${found.address} ${found.mac}`)).toEqual([
      `10.0.0.5 ${containerMac}`,
      `fd00::5 ${containerMac}`,
    ]);
    expect(host.readSysctl('net/ipv4/conf/cali1/proxy_arp')).toBe('1');
  });

  it('writes the host routes that the dataplane wants, so that it adopts them', () => {
    const { hostIndex } = plug();
    const [ipv4, ipv6] = hostRoutesOf(spec, hostIndex);
    expect(ipv4).toMatchObject({
      destination: '10.0.0.5/32',
      protocol: WEFT_ROUTE_PROTOCOL,
      metric: 1024,
      scope: 'link',
    });
    expect(host.routes()).toEqual([ipv4, { ...ipv6, scope: 'global' }]);
  });

  it('gives the container the MAC of the spec', () => {
    const wanted = mac('02:00:00:00:00:77');
    expect(plugEndpoint(host, { ...spec, mac: wanted })).toMatchObject({
      kind: 'plugged',
      containerMac: wanted,
    });
    expect(pod.link('eth0')?.mac).toBe(wanted);
    expect(host.neighbours()[0]?.mac).toBe(wanted);
  });

  it('takes the place of a route of weft that led elsewhere', () => {
    host.apply([{ op: 'add-route', route: { ...staticRoute, protocol: WEFT_ROUTE_PROTOCOL } }]);
    const { hostIndex } = plug();
    expect(host.routes({ family: 4 })).toEqual([hostRoutesOf(spec, hostIndex)[0]]);
  });

  it('replaces a leftover of the same name that leads to another container', () => {
    const other = host.addNetns('/run/netns/other');
    expect(plugEndpoint(host, { ...spec, netns: '/run/netns/other' })).toMatchObject({ kind: 'plugged' });
    expect(plug().created).toBe(true);
    expect(stateOf(other)).toEqual(nothing);
    expect(host.links().map(({ name }) => name)).toEqual(['lo', 'cali1']);
  });
});

describe('plugging in for somebody else to move the interface', () => {
  const { netns: _, ...unmoved } = spec;
  const moved = { ...unmoved, mac: mac('02:00:00:00:00:77') };
  const names = (kernel: Kernel): string[] => kernel.links().map(({ name }) => name);

  it('makes both ends on the host and sets up only its own', () => {
    const plugged = plugEndpoint(host, { ...unmoved, containerInterface: 'tmp1' });
    const container = host.link('tmp1');
    expect(plugged).toMatchObject({ kind: 'plugged', created: true, containerMac: container?.mac });
    expect(container?.up).toBe(false);
    expect(host.link('cali1')?.up).toBe(true);
    expect(host.addresses()).toEqual([]);
    expect(host.routes().map(({ destination }) => destination)).toEqual(['10.0.0.5/32', 'fd00::5/128']);
    expect(host.neighbours().map((found) => found.mac)).toEqual([container?.mac, container?.mac]);
  });

  it('repairs the end of the host when the other one is elsewhere', () => {
    plugEndpoint(host, { ...moved, netns: '/run/netns/pod' });
    const before = [stateOf(host), stateOf(pod)];
    host.apply(host.neighbours().map((neighbour) => ({ op: 'delete-neighbour', neighbour })));
    expect(plugEndpoint(host, moved)).toMatchObject({
      kind: 'plugged',
      created: false,
      containerMac: moved.mac,
    });
    expect([stateOf(host), stateOf(pod)]).toEqual(before);
  });

  it('refuses a name that the host has already', () => {
    host.apply([{ op: 'add-bridge', name: 'eth0' }]);
    expect(plugEndpoint(host, unmoved)).toMatchObject({ kind: 'interface-exists', object: 'cali1' });
    expect(names(host)).toEqual(['lo', 'eth0']);
  });
});

describe('plugging in again', () => {
  it('changes nothing and announces no route gone', async () => {
    plug();
    const before = [stateOf(host), stateOf(pod)];
    const events: string[] = [];
    host.subscribe((event) => 'op' in event && events.push(`${event.kind} ${event.op}`));
    expect(plug().created).toBe(false);
    await Promise.resolve();
    expect([stateOf(host), stateOf(pod)]).toEqual(before);
    expect(events.filter((event) => event.startsWith('route'))).toEqual([]);
  });

  it('repairs whatever one thing is missing or wrong', () => {
    const { hostIndex } = plug();
    const before = [stateOf(host), stateOf(pod)];
    const container = pod.link('eth0');
    if (container === undefined) throw new Error('no eth0');
    const damages: (() => readonly unknown[])[] = [
      () => host.apply(host.neighbours().map((neighbour) => ({ op: 'delete-neighbour', neighbour }))),
      () => pod.apply(pod.neighbours().map((neighbour) => ({ op: 'delete-neighbour', neighbour }))),
      () => host.apply(host.routes().map((route) => ({ op: 'delete-route', route }))),
      () => pod.apply(pod.routes({ family: 4 }).map((route) => ({ op: 'delete-route', route }))),
      () => pod.apply(pod.addresses().map((entry) => ({ op: 'delete-address', address: entry }))),
      () => pod.apply([{ op: 'set-link', index: container.index, up: false }]),
      () => host.apply([{ op: 'set-link', index: hostIndex, up: false }]),
      () => host.apply([{ op: 'set-link', index: hostIndex, mtuBytes: 1500, mac: container.mac }]),
    ];
    for (const damage of damages) {
      expect(damage().filter((result) => result !== null)).toEqual([]);
      expect([stateOf(host), stateOf(pod)]).not.toEqual(before);
      expect(plug().created).toBe(false);
      expect([stateOf(host), stateOf(pod)]).toEqual(before);
    }
  });

  it('leaves the container its own default route', () => {
    plug();
    const [own] = pod.routes().filter(({ destination }) => destination === '0.0.0.0/0');
    const elsewhere: Route = { ...staticRoute, destination: prefix('0.0.0.0/0'), metric: 0 };
    expect(own && pod.apply([{ op: 'replace-route', route: elsewhere }])).toEqual([null]);
    expect(plug().created).toBe(false);
    expect(pod.routes()).toContainEqual(elsewhere);
  });

  it('keeps an endpoint that cannot be repaired in full', () => {
    plug();
    pod.failNext('replace-neighbour', 'ENOMEM');
    expect(plugEndpoint(host, spec)).toMatchObject({ kind: 'kernel-refused', errno: 'ENOMEM' });
    expect(host.link('cali1')?.running).toBe(true);
  });
});

describe('a plug that fails', () => {
  /** Fails one operation after the other, until there is none left that could. */
  const failEach = (
    failing: 'host' | 'pod',
    check: (kind: string, errno: string | undefined) => void,
  ): number => {
    for (let after = 0; ; after += 1) {
      host = new FakeKernel();
      pod = host.addNetns('/run/netns/pod');
      const target = failing === 'host' ? host : pod;
      target.failNext('any', 'ENOMEM', { after });
      const result = plugEndpoint(host, spec);
      const [unserved] = target.apply([{ op: 'delete-link', index: 99 }]);
      if (unserved?.errno === 'ENOMEM') return after;
      check(result.kind, result.kind === 'plugged' ? undefined : result.errno);
    }
  };

  it.each(['host', 'pod'] as const)('leaves nothing, whichever operation on the %s fails', (failing) => {
    let tolerated = 0;
    const operations = failEach(failing, (kind, errno) => {
      if (kind === 'plugged') tolerated += 1;
      else {
        expect([kind, errno]).toEqual(['kernel-refused', 'ENOMEM']);
        expect([stateOf(host), stateOf(pod)]).toEqual([nothing, nothing]);
      }
    });
    expect(operations).toBeGreaterThan(10);
    // accept_ra and proxy_delay.
    expect(tolerated).toBe(failing === 'host' ? 2 : 0);
  });

  it('says what the kernel refused, of which object, and what to do', () => {
    host.failNext('add-veth', 'EOPNOTSUPP');
    expect(plugEndpoint(host, spec)).toEqual({
      kind: 'kernel-refused',
      message: 'the kernel refused to make the interfaces cali1 and eth0: EOPNOTSUPP (ordered by the test)',
      object: 'cali1',
      hint: 'Try again; if it stays so, look for the cause with `ip -d link` and `dmesg`.',
      errno: 'EOPNOTSUPP',
    });
  });

  it.each([
    ['EPERM', 'no-permission'],
    ['EROFS', 'no-permission'],
  ])('calls %s of a sysctl %s', (errno, kind) => {
    host.failNext('write-sysctl', errno, { after: 1 });
    expect(plugEndpoint(host, spec)).toMatchObject({ kind, errno, object: 'cali1' });
  });

  it.each([
    ['ENOENT', 'netns-missing'],
    ['EINVAL', 'not-a-netns'],
    ['EPERM', 'no-permission'],
    ['EMFILE', 'kernel-refused'],
  ])('calls %s of opening the namespace %s', (errno, kind) => {
    host.failNext('open-netns', errno);
    expect(plugEndpoint(host, spec)).toMatchObject({ kind, errno, object: '/run/netns/pod' });
  });

  it('says so when the container has such an interface already', () => {
    pod.apply([{ op: 'add-bridge', name: 'eth0' }]);
    expect(plugEndpoint(host, spec)).toMatchObject({ kind: 'interface-exists', object: '/run/netns/pod' });
    expect(stateOf(host)).toEqual(nothing);
  });

  it('does not take a veth for its own because the indexes happen to match', () => {
    const elsewhere = host.addNetns('/run/netns/elsewhere');
    host.apply([
      { op: 'add-veth', host: { name: 'cali1' }, peer: { name: 'y', netnsFd: elsewhere.netnsFd } },
    ]);
    elsewhere.apply([{ op: 'add-veth', host: { name: 'x' }, peer: { name: 'eth0', netnsFd: pod.netnsFd } }]);
    expect(host.link('cali1')?.peerIndex).toBe(pod.link('eth0')?.index);
    expect(plugEndpoint(host, spec)).toMatchObject({ kind: 'interface-exists' });
  });

  it('does not delete an interface of the host that is no veth', async () => {
    host.apply([{ op: 'add-bridge', name: 'cali1' }]);
    const expected = { kind: 'host-interface-in-use', object: 'cali1' };
    expect(plugEndpoint(host, spec)).toMatchObject(expected);
    expect(await unplugEndpoint(host, spec)).toMatchObject(expected);
    expect(host.link('cali1')?.type).toBe('bridge');
  });

  it('names the address when somebody else has a route to it, and leaves that route', () => {
    host.apply([{ op: 'add-route', route: staticRoute }]);
    expect(plugEndpoint(host, spec)).toMatchObject({
      kind: 'route-conflict',
      message: expect.stringContaining('10.0.0.5/32'),
      errno: 'EEXIST',
    });
    expect(stateOf(host)).toEqual({ ...nothing, routes: [staticRoute] });
    expect(stateOf(pod)).toEqual(nothing);
  });

  it.each<[string, string, Partial<EndpointSpec>]>([
    ['name-too-long', 'cali-sixteen-let', { hostInterface: 'cali-sixteen-let' }],
    ['name-too-long', 'eth0123456789abc', { containerInterface: 'eth0123456789abc' }],
    ['bad-spec', '"a/b"', { hostInterface: 'a/b' }],
    ['bad-spec', '".."', { containerInterface: '..' }],
    ['bad-spec', 'addresses', { addresses: [] }],
    ['bad-spec', '10.0.0.5', { addresses: [address('10.0.0.5'), address('10.0.0.5')] }],
    ['bad-spec', 'mtuBytes 67', { mtuBytes: 67, addresses: [address('10.0.0.5')] }],
    ['bad-spec', 'mtuBytes 1279', { mtuBytes: 1279 }],
    ['bad-spec', 'mtuBytes 1400.5', { mtuBytes: 1400.5 }],
  ])('refuses a spec with %s before anything is made: %s', (kind, object, difference) => {
    expect(plugEndpoint(host, { ...spec, ...difference })).toMatchObject({ kind, object });
    expect([stateOf(host), stateOf(pod)]).toEqual([nothing, nothing]);
  });
});

describe('unplugging', () => {
  it('takes everything away, once', async () => {
    plug();
    expect(await unplugEndpoint(host, spec)).toEqual({ kind: 'unplugged' });
    expect([stateOf(host), stateOf(pod)]).toEqual([nothing, nothing]);
    expect(await unplugEndpoint(host, spec)).toEqual({ kind: 'absent' });
  });

  it('is done when the link goes by itself meanwhile', async () => {
    plug();
    host.failNext('delete-link', 'ENODEV');
    expect(await unplugEndpoint(host, spec)).toEqual({ kind: 'absent' });
  });

  it('answers a failure as data', async () => {
    plug();
    host.failNext('delete-link', 'EPERM');
    expect(await unplugEndpoint(host, spec)).toMatchObject({ kind: 'no-permission', object: 'cali1' });
    host.failNext('read', 'ENOBUFS');
    expect(await unplugEndpoint(host, spec)).toMatchObject({ kind: 'kernel-refused', errno: 'ENOBUFS' });
  });
});
