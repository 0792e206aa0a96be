/** What nft makes of the rules, in a namespace of their own. Needs root. */
import type { DesiredNat, Masquerade, PortForward } from '@weft/calc';
import { address, prefix } from '@weft/ip';
import { createNetns, deleteNetns, netnsPath } from '@weft/kernel';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { text } from '../../test/ip-route-text.ts';
import { nftBy } from './nft.ts';
import { type NftCommand, natRuleset } from './ruleset.ts';

const name = `wt-nat-${process.pid}`;
beforeAll(() => {
  createNetns(name);
});
afterAll(() => {
  deleteNetns(name);
});

const inNamespace = ['nsenter', `--net=${netnsPath(name)}`];

async function nft(...args: string[]): Promise<string> {
  const { stdout } = await execa('nsenter', [...inNamespace.slice(1), 'nft', ...args]);
  return stdout;
}

async function apply(commands: readonly NftCommand[]): Promise<string[]> {
  expect(await nftBy(inNamespace).apply(commands)).toBeUndefined();
  return text(await nft('list', 'ruleset')).split('\n');
}

/** The table without what is the same in each: the check of sources. */
async function applyRest(commands: readonly NftCommand[]): Promise<string[]> {
  const guard =
    /(counter (spoofed|workload-tunnels)|chain (workload-source|source-guard)) \{[^}]*(\{[^}]*\}[^}]*)*?\n\}\n\n?/g;
  return (await apply(commands)).join('\n').replaceAll(guard, '').split('\n');
}

const nothing: DesiredNat = {
  masquerades: [],
  portForwards: [],
  tunnels: [],
  workloadInterfaces: ['cali*'],
  allowedSources: [],
  refusedTunnels: [],
  tunnelSenders: [],
};
const masquerade: Masquerade = {
  family: 4,
  sources: [prefix('10.1.0.0/16')],
  exempt: [prefix('10.1.0.0/16'), prefix('192.0.2.1/32')],
  reason: 'why',
};
const web: PortForward = {
  family: 4,
  protocol: 'tcp',
  hostPort: 8080,
  to: address('10.1.0.5'),
  containerPort: 80,
  reason: 'because',
};

describe('the table', () => {
  it('masquerades what leaves the pools, and no more', async () => {
    expect(await applyRest(natRuleset({ ...nothing, masquerades: [masquerade] }))).toEqual(
      text(`
        table inet weft {
        set masquerade-ipv4 {
        type ipv4_addr
        flags interval
        elements = { 10.1.0.0/16 }
        }

        set exempt-ipv4 {
        type ipv4_addr
        flags interval
        elements = { 10.1.0.0/16, 192.0.2.1 }
        }

        chain loopback-guard {
        type filter hook prerouting priority raw; policy accept;
        iifname "cali*" ip daddr 127.0.0.0/8 drop
        }

        chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr @masquerade-ipv4 ip daddr != @exempt-ipv4 masquerade fully-random comment "why"
        }
        }
      `).split('\n'),
    );
  });

  it('drops VXLAN from hosts that are no nodes, in each family', async () => {
    const shared = { vni: 4096, port: 4789 };
    const tunnelSenders = [
      { ...shared, family: 4, prefixes: [prefix('10.0.0.1/32'), prefix('192.0.2.0/24')] },
      { ...shared, family: 6, prefixes: [prefix('fd00::1/128')] },
    ] as const;
    expect(await applyRest(natRuleset({ ...nothing, tunnelSenders, workloadInterfaces: [] }))).toEqual(
      text(`
        table inet weft {
        counter foreign-vxlan {
        packets 0 bytes 0
        }

        set tunnel-senders-ipv4 {
        type ipv4_addr
        flags interval
        elements = { 10.0.0.1, 192.0.2.0/24 }
        }

        set tunnel-senders-ipv6 {
        type ipv6_addr
        flags interval
        elements = { fd00::1 }
        }

        chain tunnel-guard {
        type filter hook prerouting priority raw; policy accept;
        udp dport 4789 @th,96,24 0x1000 fib daddr type local ip saddr != @tunnel-senders-ipv4 counter name "foreign-vxlan" drop
        udp dport 4789 @th,96,24 0x1000 fib daddr type local ip6 saddr != @tunnel-senders-ipv6 counter name "foreign-vxlan" drop
        }

        chain loopback-guard {
        type filter hook prerouting priority raw; policy accept;
        }

        chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        }
        }
      `).split('\n'),
    );
  });

  it('leads published ports to containers, and these back to themselves', async () => {
    const portForwards: PortForward[] = [
      web,
      { ...web, protocol: 'udp', hostAddress: address('192.0.2.1') },
      { ...web, family: 6, protocol: 'sctp', to: address('fd00:1::5') },
    ];
    expect(await applyRest(natRuleset({ ...nothing, portForwards, workloadInterfaces: [] }))).toEqual(
      text(`
        table inet weft {
        set published-ipv4 {
        type ipv4_addr . ipv4_addr
        elements = { 10.1.0.5 . 10.1.0.5 }
        }

        set published-ipv6 {
        type ipv6_addr . ipv6_addr
        elements = { fd00:1::5 . fd00:1::5 }
        }

        chain published-ports {
        meta nfproto ipv4 tcp dport 8080 dnat ip to 10.1.0.5:80 comment "because"
        ip daddr 192.0.2.1 udp dport 8080 dnat ip to 10.1.0.5:80 comment "because"
        meta nfproto ipv6 sctp dport 8080 dnat ip6 to [fd00:1::5]:80 comment "because"
        }

        chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        fib daddr type local jump published-ports
        }

        chain output {
        type nat hook output priority -100; policy accept;
        ip6 daddr ::1 return
        fib daddr type local jump published-ports
        }

        chain loopback-guard {
        type filter hook prerouting priority raw; policy accept;
        }

        chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr . ip daddr @published-ipv4 masquerade fully-random comment "a container reaches its own published port"
        ip6 saddr . ip6 daddr @published-ipv6 masquerade fully-random comment "a container reaches its own published port"
        ct status dnat ip saddr 127.0.0.0/8 masquerade fully-random comment "the host reaches a published port by 127.0.0.1"
        }
        }
      `).split('\n'),
    );
  });

  it.each<[string, Partial<Masquerade>, string[]]>([
    [
      'an address',
      { address: address('192.0.2.9') },
      ['ip saddr @masquerade-ipv4 ip daddr != @exempt-ipv4 snat ip to 192.0.2.9 fully-random comment "why"'],
    ],
    [
      'ports, which only TCP and UDP have',
      { ports: { first: 30_000, last: 32_000 } },
      [
        'ip saddr @masquerade-ipv4 ip daddr != @exempt-ipv4 meta l4proto { tcp, udp } masquerade to :30000-32000 fully-random comment "why"',
        'ip saddr @masquerade-ipv4 ip daddr != @exempt-ipv4 masquerade fully-random comment "why"',
      ],
    ],
    [
      'one port and an address',
      { ports: { first: 9, last: 9 }, address: address('192.0.2.9') },
      [
        'ip saddr @masquerade-ipv4 ip daddr != @exempt-ipv4 meta l4proto { tcp, udp } snat ip to 192.0.2.9:9 fully-random comment "why"',
        'ip saddr @masquerade-ipv4 ip daddr != @exempt-ipv4 snat ip to 192.0.2.9 fully-random comment "why"',
      ],
    ],
    [
      'interfaces',
      { outInterface: 'eth+' },
      [
        'ip saddr @masquerade-ipv4 ip daddr != @exempt-ipv4 oifname "eth*" masquerade fully-random comment "why"',
      ],
    ],
    [
      'IPv6',
      { family: 6, sources: [prefix('fd00:1::/48')], exempt: [prefix('fd00:1::/48')] },
      ['ip6 saddr @masquerade-ipv6 ip6 daddr != @exempt-ipv6 masquerade fully-random comment "why"'],
    ],
    [
      'a long reason, as far as a comment reaches',
      { reason: 'x'.repeat(300) },
      [
        `ip saddr @masquerade-ipv4 ip daddr != @exempt-ipv4 masquerade fully-random comment "${'x'.repeat(120)}"`,
      ],
    ],
  ])('masquerades with %s', async (_, special, rules) => {
    const listed = await apply(natRuleset({ ...nothing, masquerades: [{ ...masquerade, ...special }] }));
    expect(listed.filter((line) => line.includes('saddr @'))).toEqual(rules);
  });

  it('drops what is not from the workload it comes from, and counts it', async () => {
    const allowedSources = [
      { hostInterface: 'cali1', family: 4, prefixes: [prefix('10.1.0.7/32'), prefix('10.9.0.0/16')] },
      { hostInterface: 'cali1', family: 6, prefixes: [prefix('fd00:9::/48')] },
      { hostInterface: 'cali2', family: 4, prefixes: [prefix('10.9.0.0/16')] },
    ] as const;
    const workloadInterfaces = ['cali*', 'old1'];
    expect(await apply(natRuleset({ ...nothing, allowedSources, workloadInterfaces }))).toEqual(
      text(`
        table inet weft {
        counter spoofed {
        packets 0 bytes 0
        }

        counter workload-tunnels {
        packets 0 bytes 0
        }

        set allowed-sources-ipv4 {
        type ifname . ipv4_addr
        flags interval
        elements = { "cali1" . 10.1.0.7,
        "cali1" . 10.9.0.0/16,
        "cali2" . 10.9.0.0/16 }
        }

        set allowed-sources-ipv6 {
        type ifname . ipv6_addr
        flags interval
        elements = { "cali1" . fd00:9::/48 }
        }

        chain workload-source {
        ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type { mld-listener-report, mld-listener-done, nd-neighbor-solicit, mld2-listener-report } return
        fib saddr . iif oif exists return
        iifname . ip saddr @allowed-sources-ipv4 return
        iifname . ip6 saddr @allowed-sources-ipv6 return
        counter name "spoofed" drop
        }

        chain source-guard {
        type filter hook prerouting priority raw; policy accept;
        iifname "cali*" jump workload-source
        iifname "old1" jump workload-source
        }

        chain loopback-guard {
        type filter hook prerouting priority raw; policy accept;
        iifname "cali*" ip daddr 127.0.0.0/8 drop
        iifname "old1" ip daddr 127.0.0.0/8 drop
        }

        chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        }
        }
      `).split('\n'),
    );
  });

  it('drops tunnel packets of workloads, before it looks where they come from', async () => {
    const refusedTunnels = [{ kind: 'ipip' }, { kind: 'vxlan', vni: 4096, port: 4789 }] as const;
    const listed = await apply(natRuleset({ ...nothing, refusedTunnels }));
    const start = listed.indexOf('chain workload-source {') + 1;
    expect(listed.slice(start, start + 3)).toEqual([
      // By name where the host has /etc/protocols.
      expect.stringMatching(/^meta l4proto (4|ipencap) counter name "workload-tunnels" drop$/),
      'udp dport 4789 @th,96,24 0x1000 counter name "workload-tunnels" drop',
      expect.stringMatching(/^ip6 saddr :: .* return$/),
    ]);
  });

  it('is replaced as a whole, and beside those of others', async () => {
    await nft('add', 'table', 'inet', 'foreign');
    await apply(natRuleset({ ...nothing, portForwards: [web] }));
    const listed = await apply(natRuleset({ ...nothing, masquerades: [masquerade] }));
    expect(listed.join('\n')).not.toContain('published-ports');
    expect(listed.join('\n')).toContain('table inet foreign {');
    await nft('delete', 'table', 'inet', 'foreign');
  });
});

describe('nft', () => {
  const door = nftBy(inNamespace);

  it('tells a table that is there from one that is not, and equal ones by equal text', async () => {
    await nft('delete', 'table', 'inet', 'weft');
    expect(await door.list()).toEqual({ kind: 'absent' });
    const rules = natRuleset({ ...nothing, portForwards: [web] });
    await door.apply(rules);
    const first = await door.list();
    await door.apply(rules);
    expect(await door.list()).toEqual(first);
    await nft('delete', 'chain', 'inet', 'weft', 'loopback-guard');
    expect(await door.list()).not.toEqual(first);
    expect(first.kind).toBe('present');
  });

  it('that refuses a command leaves the table as it was, and says why', async () => {
    await door.apply(natRuleset({ ...nothing, portForwards: [web] }));
    const before = await door.list();
    const broken = natRuleset({ ...nothing, portForwards: [{ ...web, hostPort: 70_000 }] });
    expect(await door.apply(broken)).toMatchObject({ kind: 'failed' });
    expect(await door.list()).toEqual(before);
  });

  it('that is not installed is named, with the package to install', async () => {
    const failure = await nftBy(['/no/such/program']).list();
    expect(failure).toMatchObject({
      reason: expect.stringMatching(/install the package nftables/),
    });
  });
});
