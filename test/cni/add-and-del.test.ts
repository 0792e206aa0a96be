/** ADD, DEL, CHECK, GC, STATUS against a weftd of a lab, as runtimes call them. */
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { Containers, drawn, held } from './containers.ts';

const lab = useLab('t-cni', smallTopology(2, 1));
const containers = new Containers(lab, ['c1', 'c2', 'c3']);
const done = { exitCode: 0, output: undefined };
const dual = { ipam: { assign_ipv4: 'true', assign_ipv6: 'true' } };

describe('ADD and DEL', () => {
  it('give a container an address that the other host reaches, and take it back, as often as they are asked', async () => {
    const before = await held(lab);
    const added = await containers.add('c1', '1');
    expect(added.exitCode).toBe(0);
    const { interfaces, ips, routes } = added.output;
    expect(interfaces).toEqual([
      { name: `cali${drawn('1').slice(0, 11)}` },
      { name: 'eth0', mac: expect.stringMatching(/^[0-9a-f:]{17}$/), sandbox: containers.path('c1') },
    ]);
    expect(ips).toEqual([{ address: expect.stringMatching(/\/32$/), interface: 1 }]);
    expect(routes).toEqual([{ dst: ips[0].address }]);
    expect(await containers.pings('c1', await lab.addressOf('node2-pod1'))).toBe(true);
    expect(await containers.add('c1', '1')).toEqual(added);
    for (let time = 0; time < 2; time++) expect(await containers.del('1')).toEqual(done);
    expect(await held(lab)).toEqual(before);
  });

  it('work with both families, an MTU, a MAC, labels and forwarding', async () => {
    const configuration = {
      ...dual,
      cniVersion: '1.1.0',
      mtu: 1400,
      container_settings: { allow_ip_forwarding: true },
      runtimeConfig: { mac: '02:00:00:00:00:07' },
      args: { cni: { labels: [{ key: 'app', value: 'web' }] } },
      dns: { nameservers: ['10.96.0.10'] },
    };
    const { output } = await containers.add('c1', '2', { configuration });
    expect(output.ips).toEqual([
      { address: expect.stringMatching(/\/32$/), interface: 1 },
      { address: expect.stringMatching(/\/128$/), interface: 1 },
    ]);
    expect(output.interfaces[1]).toMatchObject({ mtu: 1400, mac: '02:00:00:00:00:07' });
    expect(output.dns).toEqual({ nameservers: ['10.96.0.10'] });
    expect(await containers.pings('c1', await lab.addressOf('node2-pod1', 6))).toBe(true);
    expect(await containers.run('c1', 'cat', '/proc/sys/net/ipv4/ip_forward')).toBe('1');
    expect(await containers.run('c1', 'cat', '/sys/class/net/eth0/mtu')).toBe('1400');
    expect(await containers.del('2')).toEqual(done);
  });

  it('pass on what a plugin before them in the chain had made', async () => {
    const prevResult = {
      cniVersion: '1.0.0',
      interfaces: [{ name: 'lo', sandbox: containers.path('c1') }],
      ips: [{ address: '127.0.0.1/8', interface: 0 }],
    };
    const { output } = await containers.add('c1', '3', { configuration: { prevResult } });
    expect(output.interfaces.map(({ name }: { name: string }) => name)).toEqual([
      'lo',
      expect.stringMatching(/^cali/),
      'eth0',
    ]);
    expect(output.ips).toEqual([
      { address: '127.0.0.1/8', interface: 0 },
      { address: expect.any(String), interface: 2 },
    ]);
    expect(await containers.del('3')).toEqual(done);
  });

  it('keep two networks of one container, and two containers whose ids begin alike, apart', async () => {
    const before = await held(lab);
    const ids = ['default-web-1', 'default-web-2'];
    const ctr = (containerId: string, command: string, netns: string) =>
      containers.call({ command, containerId, netns: containers.path(netns) });
    expect(await containers.add('c1', '4')).toMatchObject({ exitCode: 0 });
    const second = {
      interfaceName: 'eth1',
      configuration: { name: 'other', ipam: { routes: [{ dst: '192.0.2.0/24' }] } },
    };
    expect(await containers.add('c1', '4', second)).toMatchObject({ exitCode: 0 });
    expect(await ctr(ids[0] ?? '', 'ADD', 'c2')).toMatchObject({ exitCode: 0 });
    expect(await ctr(ids[1] ?? '', 'ADD', 'c3')).toMatchObject({ exitCode: 0 });
    expect((await held(lab)).addresses).toBe(before.addresses + 4);
    expect(await containers.run('c1', 'ip', 'route', 'show', '192.0.2.0/24')).toContain('dev eth1');
    expect(await containers.del('4', second)).toEqual(done);
    expect(await containers.pings('c1', await lab.addressOf('node2-pod1'))).toBe(true);
    expect(await ctr(ids[0] ?? '', 'DEL', 'c2')).toEqual(done);
    expect(await containers.pings('c3', await lab.addressOf('node2-pod1'))).toBe(true);
    expect(await ctr(ids[1] ?? '', 'DEL', 'c3')).toEqual(done);
    expect(await containers.del('4')).toEqual(done);
    expect(await held(lab)).toEqual(before);
  });

  it('let a container leave a network and join it again under its old id', async () => {
    for (let time = 0; time < 2; time++) {
      expect(await containers.add('c1', '5')).toMatchObject({ exitCode: 0 });
      expect(await containers.pings('c1', await lab.addressOf('node2-pod1'))).toBe(true);
      expect(await containers.del('5', { netns: containers.path('c1') })).toEqual(done);
    }
  });

  it('replace a dead sandbox of a Pod, and a late DEL of it leaves the new one alone', async () => {
    const before = await held(lab);
    const pod = { args: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0' };
    const old = await containers.add('c1', '6', pod);
    expect(old.output.interfaces[0].name).toBe('cali0d7763386da');
    const fresh = await containers.add('c2', '7', pod);
    expect(fresh).toMatchObject({ exitCode: 0 });
    expect(await held(lab)).toEqual({
      interfaces: [...before.interfaces, 'cali0d7763386da'].sort(),
      records: [...before.records, 'node1-k8s-web--0-eth0'].sort(),
      addresses: before.addresses + 1,
    });
    expect(await containers.del('6', pod)).toEqual(done);
    expect(await containers.pings('c2', await lab.addressOf('node2-pod1'))).toBe(true);
    expect(await containers.del('7', pod)).toEqual(done);
    expect(await held(lab)).toEqual(before);
  });
});

describe('CHECK', () => {
  const configuration = { ...dual, mtu: 1400 };
  const damages: readonly [string, string[], RegExp][] = [
    [
      'an address that is gone',
      ['ip', 'addr', 'flush', 'dev', 'eth0', 'scope', 'global'],
      /eth0 in the container has no address 10\./,
    ],
    [
      'a route that is gone',
      ['ip', 'route', 'del', 'default'],
      /the container has no route to 0\.0\.0\.0\/0 by eth0/,
    ],
    [
      'another MTU',
      ['ip', 'link', 'set', 'eth0', 'mtu', '1300'],
      /eth0 in the container has an MTU of 1300, not 1400/,
    ],
    ['an interface that is down', ['ip', 'link', 'set', 'eth0', 'down'], /eth0 in the container is down/],
    [
      'an interface that is gone',
      ['ip', 'link', 'del', 'eth0'],
      /the host has no interface cali.*the container has no interface eth0/,
    ],
  ];

  it.each(damages)('names %s, and an ADD once more puts it right', async (_, damage, what) => {
    const add = () => containers.add('c1', '8', { configuration });
    const { output: prevResult } = await add();
    const check = () =>
      containers.add('c1', '8', { command: 'CHECK', configuration: { ...configuration, prevResult } });
    expect(await check()).toEqual(done);
    await containers.run('c1', ...damage);
    expect(await check()).toMatchObject({
      exitCode: 1,
      output: { code: 103, msg: expect.stringMatching(what), details: expect.stringMatching(/\w/) },
    });
    expect(await add()).toMatchObject({ exitCode: 0 });
    expect(await check()).toEqual(done);
    expect(await containers.del('8')).toEqual(done);
  });

  it('names a route that the host lost, and an address that is not recorded', async () => {
    const { output: prevResult } = await containers.add('c1', '8');
    const [{ name }] = prevResult.interfaces;
    const [ip] = prevResult.ips;
    const other = { ...prevResult, ips: [{ ...ip, address: '10.9.9.9/32' }] };
    const check = (result: object) =>
      containers.add('c1', '8', { command: 'CHECK', configuration: { prevResult: result } });
    expect(await check(other)).toMatchObject({
      output: { code: 103, msg: expect.stringMatching(/10\.9\.9\.9\/32, which is not recorded/) },
    });
    // weftd mends its routes at once; a more specific one of somebody else stays in the way.
    await lab.run('node1', 'ip', 'route', 'add', ip.address, 'dev', 'lo', 'metric', '1');
    expect(await check(prevResult)).toMatchObject({
      output: { code: 103, msg: expect.stringContaining(`no route to ${ip.address} by ${name}`) },
    });
    await lab.run('node1', 'ip', 'route', 'del', ip.address, 'dev', 'lo', 'metric', '1');
    expect(await check(prevResult)).toEqual(done);
    expect(await containers.del('8')).toEqual(done);
  });

  it('says that a container is not known, and that its namespace is gone', async () => {
    const configuration = { prevResult: { cniVersion: '1.0.0' } };
    const check = { command: 'CHECK', configuration };
    expect(await containers.add('c1', '9', check)).toMatchObject({
      output: { code: 3, msg: expect.stringMatching(/no record/) },
    });
    await containers.add('c1', '9');
    const gone = { ...check, netns: '/run/netns/t-cni-none' };
    expect(await containers.add('c1', '9', gone)).toMatchObject({
      output: { code: 3, msg: expect.stringMatching(/no such network namespace/) },
    });
    expect(await containers.del('9')).toEqual(done);
  });
});

describe('GC and STATUS', () => {
  it('GC removes what the runtime does not know, of its own network alone', async () => {
    const before = await held(lab);
    await containers.add('c1', 'a');
    await containers.add('c2', 'b');
    await containers.add('c3', 'c', { configuration: { name: 'other' } });
    const valid = [{ containerID: drawn('a'), ifname: 'eth0' }];
    const gc = (name: string, attachments: object[]) =>
      containers.call({
        command: 'GC',
        configuration: { cniVersion: '1.1.0', name, 'cni.dev/valid-attachments': attachments },
      });
    expect(await gc('net', valid)).toEqual(done);
    const { interfaces } = await held(lab);
    const own = interfaces.filter((name) => !before.interfaces.includes(name));
    expect(own).toEqual([`cali${drawn('a').slice(0, 11)}`, `cali${drawn('c').slice(0, 11)}`]);
    expect(await gc('net', [])).toEqual(done);
    expect(await gc('other', [])).toEqual(done);
    expect(await held(lab)).toEqual(before);
  });

  it('STATUS says nothing while the node is ready', async () => {
    expect(await containers.call({ command: 'STATUS', configuration: { cniVersion: '1.1.0' } })).toEqual(
      done,
    );
  });

  it('STATUS is 51 with the reason while no other host can be reached', async () => {
    await lab.run('node1', 'ip', 'link', 'set', 'eth0', 'down');
    try {
      const status = () => containers.call({ command: 'STATUS', configuration: { cniVersion: '1.1.0' } });
      const { output } = await waitFor('the session is down', async () => {
        const answer = await status();
        return answer.exitCode === 1 && answer;
      });
      expect(output).toMatchObject({
        cniVersion: '1.1.0',
        code: 51,
        msg: expect.stringContaining('not ready: '),
      });
    } finally {
      await lab.run('node1', 'ip', 'link', 'set', 'eth0', 'up');
    }
  });
});
