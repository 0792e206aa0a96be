import { afterAll, describe, expect, test } from 'vitest';
import { Workbench } from '../../../test/run.ts';
import { type Check, checkSystem } from './checks.ts';
import { modulesIn, SYSCTLS, type SystemFacts } from './facts.ts';

const workbench = new Workbench();

afterAll(() => workbench.remove());

/** A host on which everything is as weft wants it. */
const good: SystemFacts = {
  kernelRelease: '6.1.0-18-amd64',
  modules: {
    present: new Set(['veth', 'bridge', 'vxlan', 'ipip', 'nf_tables', 'nf_conntrack', 'ip_tables']),
    listed: undefined,
    config: undefined,
  },
  programs: new Map([
    ['ip', '/sbin/ip'],
    ['nft', '/usr/sbin/nft'],
    ['iptables', '/usr/sbin/iptables'],
  ]),
  sysctls: new Map([
    [SYSCTLS.forwarding4, '1'],
    [SYSCTLS.forwarding6, '1'],
    [SYSCTLS.disableIpv6, '0'],
    [SYSCTLS.rpFilter, '0'],
    [SYSCTLS.conntrackCount, '10'],
    [SYSCTLS.conntrackMax, '1000'],
    [SYSCTLS.inotifyInstances, '128'],
    [SYSCTLS.inotifyWatches, '8192'],
  ]),
  sysctlsWritable: true,
  capabilities: 0x1ffffffffffn,
  bgpListener: undefined,
  clock: { now: Date.UTC(2026, 1, 1), synchronized: true },
};

function sysctl(key: string, value: string | undefined): Pick<SystemFacts, 'sysctls'> {
  const sysctls = new Map(good.sysctls);
  if (value === undefined) sysctls.delete(key);
  else sysctls.set(key, value);
  return { sysctls };
}

function modules(changes: Partial<SystemFacts['modules']>): Pick<SystemFacts, 'modules'> {
  return { modules: { ...good.modules, ...changes } };
}

const noVeth = new Set(['bridge']);

describe('checksystem', () => {
  test('a good host has no remark', () => {
    expect(checkSystem(good).filter(({ result, hint }) => result !== 'OK' || hint !== undefined)).toEqual([]);
  });

  test.each<[string, Partial<SystemFacts>, string, Check['result'], RegExp]>([
    ['an old kernel', { kernelRelease: '4.19.0' }, 'kernel', 'FAIL', /Linux 4\.20/],
    ['the oldest kernel', { kernelRelease: '4.20.1-rc1' }, 'kernel', 'OK', /4\.20\.1/],
    ['no veth', modules({ present: noVeth, listed: new Set(['bridge']) }), 'veth', 'FAIL', /CONFIG_VETH/],
    [
      'veth to be loaded',
      modules({ present: noVeth, listed: new Set(['veth']) }),
      'veth',
      'OK',
      /can be loaded/,
    ],
    [
      'veth built in',
      modules({ present: noVeth, config: new Map([['CONFIG_VETH', 'y']]) }),
      'veth',
      'OK',
      /CONFIG_VETH=y/,
    ],
    ['a kernel without veth', modules({ present: noVeth, config: new Map() }), 'veth', 'FAIL', /missing/],
    ['a kernel that does not tell', modules({ present: noVeth }), 'veth', 'SKIP', /does not tell/],
    [
      'no ipip',
      modules({ present: new Set(['veth']), listed: new Set(['x']) }),
      'ipip',
      'SKIP',
      /only for pools with ipipMode/,
    ],
    ['no nft', { programs: new Map() }, 'program nft', 'SKIP', /natOutgoing/],
    [
      'no rights',
      { capabilities: 0n },
      'capabilities',
      'FAIL',
      /missing: CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN/,
    ],
    ['no forwarding yet', sysctl(SYSCTLS.forwarding4, '0'), 'IPv4 forwarding', 'OK', /weftd sets it/],
    [
      'forwarding off for good',
      { ...sysctl(SYSCTLS.forwarding4, '0'), sysctlsWritable: false },
      'IPv4 forwarding',
      'FAIL',
      /read-only/,
    ],
    ['no IPv6', sysctl(SYSCTLS.disableIpv6, undefined), 'IPv6 forwarding', 'SKIP', /no IPv6/],
    ['a strict rp_filter', sysctl(SYSCTLS.rpFilter, '1'), 'rp_filter', 'OK', /strict/],
    [
      'a full conntrack table',
      sysctl(SYSCTLS.conntrackCount, '900'),
      'conntrack entries',
      'FAIL',
      /nf_conntrack_max/,
    ],
    ['no conntrack', sysctl(SYSCTLS.conntrackMax, undefined), 'conntrack entries', 'SKIP', /not tracked/],
    [
      'few inotify instances',
      sysctl(SYSCTLS.inotifyInstances, '16'),
      'inotify instances',
      'FAIL',
      /128 or more/,
    ],
    ['BIRD on port 179', { bgpListener: 'bird' }, 'TCP port 179', 'FAIL', /bird listens/],
    ['somebody on port 179', { bgpListener: '' }, 'TCP port 179', 'FAIL', /another program/],
    ['weftd on port 179', { bgpListener: 'weftd' }, 'TCP port 179', 'OK', /weftd listens/],
    [
      'a clock that was never set',
      { clock: { now: 0, synchronized: undefined } },
      'clock',
      'FAIL',
      /1970.*Set the clock/,
    ],
    [
      'a clock nobody tells about',
      { clock: { now: Date.UTC(2026, 1, 1), synchronized: undefined } },
      'clock',
      'SKIP',
      /cannot be told/,
    ],
  ])('%s', (_, changes, name, result, text) => {
    const found = checkSystem({ ...good, ...changes }).find((check) => check.name === name);
    expect(found?.result).toBe(result);
    expect(`${found?.found} ${found?.hint}`).toMatch(text);
  });

  test('module lists are read in both forms', () => {
    const dependencies = 'kernel/drivers/net/veth.ko.xz: kernel/a.ko\nkernel/net/nf-tables.ko:\n';
    expect(modulesIn(dependencies)).toEqual(['veth', 'nf_tables']);
    expect(modulesIn('kernel/net/ipv4/ipip.ko\n')).toEqual(['ipip']);
  });
});

describe('checksystem on this host', { timeout: 30_000 }, () => {
  test('prints a table, or the checks as JSON', async () => {
    const { stdout } = await workbench.run(['node', 'checksystem']);
    expect(stdout).toMatch(/^CHECK +RESULT +FOUND\nkernel +\w+ +\d+\./);
    const json = await workbench.run(['node', 'checksystem', '-o', 'json']);
    expect(JSON.parse(json.stdout).checks).toHaveLength(20);
  });

  test('the kernel configuration may be named', async () => {
    const config = workbench.file('config', '# CONFIG_VETH is not set\nCONFIG_BRIDGE=m\n');
    expect((await workbench.run(['node', 'checksystem', '-f', config])).stdout).toMatch(/^bridge +/m);
    const { code, stderr } = await workbench.run(['node', 'checksystem', '-f', '/nonexistent']);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^The kernel configuration cannot be read: \/nonexistent\n/),
    });
  });
});
