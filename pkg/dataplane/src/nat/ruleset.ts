/**
 * The table of nftables that does the desired translation, and drops what workloads send from addresses that are not theirs, as
 * commands of libnftables-json(5). Pure.
 *
 *   tunnel-guard ─ VXLAN to an address of the host from somebody who is no node ─▶ counted, dropped
 *   source-guard ─ from a workload ─▶ workload-source ─ in a tunnel, or an address of somebody else ─▶ counted, dropped
 *   prerouting, output ─ to an address of the host ─▶ published-ports ─▶ the container
 *   postrouting ─ hairpin, loopback, natOutgoing ─▶ an address of the host
 *   loopback-guard ─ from a container, about 127.0.0.0/8 ─▶ dropped
 */
import type { DesiredNat, Masquerade, PortForward, RefusedTunnel, TunnelSenders } from '@weft/calc';
import { type Family, isLoopback, networkAddress, type Prefix, prefixLength } from '@weft/ip';

/** One command, as nft reads it. */
export type NftCommand = Readonly<Record<string, unknown>>;

/** The only table weft writes. */
export const NAT_TABLE: { readonly family: 'inet'; readonly name: string } = { family: 'inet', name: 'weft' };

const inTable = { family: NAT_TABLE.family, table: NAT_TABLE.name };
const families: readonly Family[] = [4, 6];

/** The table in place of the one there was, in one transaction: no packet meets a moment without rules. */
export function natRuleset(nat: DesiredNat): readonly NftCommand[] {
  return [
    // Added first, so that it can be deleted whether or not it is there.
    { add: { table: NAT_TABLE } },
    { delete: { table: NAT_TABLE } },
    { add: { table: NAT_TABLE } },
    ...sourceGuard(nat),
    ...tunnelGuard(nat.tunnelSenders),
    ...(nat.portForwards.length === 0 ? [] : publishing(nat.portForwards)),
    ...loopbackGuard(nat.workloadInterfaces),
    chain('postrouting', { type: 'nat', hook: 'postrouting', prio: 100 }),
    ...families.flatMap((family) => hairpin(family, nat.portForwards)),
    ...fromLoopback(nat.portForwards),
    ...nat.masquerades.flatMap(masquerading),
    ...nat.tunnels.map(fromHostByTunnel),
  ];
}

/** Before connections are tracked: what is dropped leaves nothing behind. */
const RAW_PRIORITY = -300;

/** The counters of dropped packets, by what they are told of as. */
export const DROP_COUNTERS = {
  'spoofed-sources-dropped': 'spoofed',
  'workload-tunnels-dropped': 'workload-tunnels',
  'foreign-vxlan-dropped': 'foreign-vxlan',
} as const;

/** Why packets were dropped. */
export type DropKind = keyof typeof DROP_COUNTERS;

function dropping(kind: DropKind): NftCommand[] {
  return [{ counter: DROP_COUNTERS[kind] }, { drop: null }];
}

function dropCounter(kind: DropKind): NftCommand {
  return { add: { counter: { ...inTable, name: DROP_COUNTERS[kind] } } };
}

/**
 * A source is a workload's own when the host would send to it by the workload's interface. So one rule serves all: it is there
 * before a workload is, its host route comes before its interface is up, and what a router in a workload announces is its own, too.
 * IPv6 begins without an address (RFC 4861, RFC 3810); IPv4 does not: there is no DHCP here.
 */
function sourceGuard({ allowedSources, refusedTunnels, workloadInterfaces }: DesiredNat): NftCommand[] {
  const name = 'workload-source';
  const begins = {
    set: ['nd-neighbor-solicit', 'mld-listener-report', 'mld-listener-done', 'mld2-listener-report'],
  };
  const accept = { return: null };
  return [
    dropCounter('spoofed-sources-dropped'),
    dropCounter('workload-tunnels-dropped'),
    ...families.flatMap((family) => allowedSet(family, allowedSources)),
    chain(name),
    ...refusedTunnels.map((tunnel) => refusing(name, tunnel)),
    rule(name, [
      match(payload('ip6', 'saddr'), '::'),
      match(payload('ip6', 'daddr'), { prefix: { addr: 'ff02::', len: 16 } }),
      match(payload('icmpv6', 'type'), begins),
      accept,
    ]),
    rule(name, [match({ fib: { result: 'oif', flags: ['saddr', 'iif'] } }, true), accept]),
    ...families
      .filter((family) => allowedSources.some((allowed) => allowed.family === family))
      .map((family) => {
        const sent = { concat: [{ meta: { key: 'iifname' } }, payload(ipOf(family), 'saddr')] };
        return rule(name, [match(sent, `@allowed-sources-ipv${family}`), accept]);
      }),
    rule(name, dropping('spoofed-sources-dropped')),
    chain('source-guard', { type: 'filter', hook: 'prerouting', prio: RAW_PRIORITY }),
    ...workloadInterfaces.map((pattern) =>
      rule('source-guard', [fromInterface(pattern), { jump: { target: name } }]),
    ),
  ];
}

/** IANA's number of IPv4 in IP (RFC 2003). */
const IPIP = 4;

function refusing(chainName: string, tunnel: RefusedTunnel): NftCommand {
  const isOfTunnel =
    tunnel.kind === 'ipip' ? [match({ meta: { key: 'l4proto' } }, IPIP)] : matchesVxlan(tunnel);
  return rule(chainName, [...isOfTunnel, ...dropping('workload-tunnels-dropped')]);
}

/** Behind the UDP header, and in VXLAN's own behind its flags (RFC 7348 §5). */
const vniOfPacket = { payload: { base: 'th', offset: 96, len: 24 } };

function matchesVxlan({ port, vni }: { readonly port: number; readonly vni: number }): NftCommand[] {
  return [match(payload('udp', 'dport'), port), match(vniOfPacket, vni)];
}

/** A VXLAN device takes what anybody sends it. Packets of other networks on the port are somebody else's. */
function tunnelGuard(senders: readonly TunnelSenders[]): NftCommand[] {
  if (senders.length === 0) return [];
  const name = 'tunnel-guard';
  return [
    dropCounter('foreign-vxlan-dropped'),
    ...senders.map(({ family, prefixes }) => prefixSet(`tunnel-senders-ipv${family}`, family, prefixes)),
    chain(name, { type: 'filter', hook: 'prerouting', prio: RAW_PRIORITY }),
    ...senders.map((sender) =>
      rule(name, [
        ...matchesVxlan(sender),
        match({ fib: { result: 'type', flags: ['daddr'] } }, 'local'),
        match(payload(ipOf(sender.family), 'saddr'), `@tunnel-senders-ipv${sender.family}`, '!='),
        ...dropping('foreign-vxlan-dropped'),
      ]),
    ),
  ];
}

function allowedSet(family: Family, allowed: DesiredNat['allowedSources']): NftCommand[] {
  const elem = allowed
    .filter((one) => one.family === family)
    .flatMap(({ hostInterface, prefixes }) =>
      prefixes.map((prefix) => ({ concat: [hostInterface, prefixElement(prefix)] })),
    );
  if (elem.length === 0) return [];
  const name = `allowed-sources-ipv${family}`;
  const type = ['ifname', `ipv${family}_addr`];
  return [{ add: { set: { ...inTable, name, type, flags: ['interval'], elem } } }];
}

function fromInterface(pattern: string): NftCommand {
  return match({ meta: { key: 'iifname' } }, pattern);
}

function publishing(forwards: readonly PortForward[]): NftCommand[] {
  const toHost = match({ fib: { result: 'type', flags: ['daddr'] } }, 'local');
  const jump = { jump: { target: 'published-ports' } };
  return [
    chain('published-ports'),
    ...forwards.map((forward) => rule('published-ports', forwarding(forward), forward.reason)),
    chain('prerouting', { type: 'nat', hook: 'prerouting', prio: -100 }),
    rule('prerouting', [toHost, jump]),
    chain('output', { type: 'nat', hook: 'output', prio: -100 }),
    rule('output', [match(payload('ip6', 'daddr'), '::1'), { return: null }]),
    rule('output', [toHost, jump]),
  ];
}

function forwarding(forward: PortForward): NftCommand[] {
  const { family, hostAddress, protocol, hostPort, to, containerPort } = forward;
  const where =
    hostAddress === undefined
      ? match({ meta: { key: 'nfproto' } }, family === 4 ? 'ipv4' : 'ipv6')
      : match(payload(ipOf(family), 'daddr'), hostAddress);
  return [
    where,
    match(payload(protocol, 'dport'), hostPort),
    { dnat: { family: ipOf(family), addr: to, port: containerPort } },
  ];
}

/** A container that reaches itself by the host would answer itself past the host: it must see the host's address. */
function hairpin(family: Family, forwards: readonly PortForward[]): NftCommand[] {
  const published = new Set(forwards.filter((forward) => forward.family === family).map(({ to }) => to));
  if (published.size === 0) return [];
  const name = `published-ipv${family}`;
  const type = `ipv${family}_addr`;
  const elem = [...published].map((to) => ({ concat: [to, to] }));
  const ends = { concat: [payload(ipOf(family), 'saddr'), payload(ipOf(family), 'daddr')] };
  return [
    { add: { set: { ...inTable, name, type: [type, type], elem } } },
    rule('postrouting', [match(ends, `@${name}`), masquerade], 'a container reaches its own published port'),
  ];
}

const loopback = { prefix: { addr: '127.0.0.0', len: 8 } };

/** IPv4 only: the kernel routes nothing from ::1 out of the host, whatever the rules say. */
function fromLoopback(forwards: readonly PortForward[]): NftCommand[] {
  const isReached = ({ family, hostAddress }: PortForward): boolean =>
    family === 4 && (hostAddress === undefined || isLoopback(hostAddress));
  if (!forwards.some(isReached)) return [];
  const translated = { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } };
  const expression = [translated, match(payload('ip', 'saddr'), loopback), masquerade];
  return [rule('postrouting', expression, 'the host reaches a published port by 127.0.0.1')];
}

/**
 * Host ends of containers with published ports have `route_localnet`, which 127.0.0.1 needs; those that Calico made all have
 * it. By it a container could reach what listens on 127.0.0.1 of the host, or pose as that (CVE-2020-8558). Dropped before translation
 * (priority raw): answers to the host are still addressed to an address of it then.
 */
function loopbackGuard(interfaces: readonly string[]): NftCommand[] {
  const drop = (name: string): NftCommand =>
    rule('loopback-guard', [fromInterface(name), match(payload('ip', 'daddr'), loopback), { drop: null }]);
  return [
    chain('loopback-guard', { type: 'filter', hook: 'prerouting', prio: RAW_PRIORITY }),
    ...interfaces.map(drop),
  ];
}

// Random ports, as Felix: two nodes of the kernel's table choosing the same one at once would lose a packet.
const flags = ['fully-random'];
const masquerade = { masquerade: { flags } };

function masquerading({
  family,
  sources,
  exempt,
  address,
  ports,
  outInterface,
  reason,
}: Masquerade): NftCommand[] {
  const ip = ipOf(family);
  const leaving = [
    match(payload(ip, 'saddr'), `@masquerade-ipv${family}`),
    match(payload(ip, 'daddr'), `@exempt-ipv${family}`, '!='),
    ...(outInterface === undefined
      ? []
      : [match({ meta: { key: 'oifname' } }, outInterface.replace(/\+$/, '*'))]),
  ];
  const statement = (port: object): NftCommand =>
    address === undefined
      ? { masquerade: { ...port, flags } }
      : { snat: { family: ip, addr: address, ...port, flags } };
  const hasPorts = match({ meta: { key: 'l4proto' } }, { set: ['tcp', 'udp'] });
  const withPorts = ports === undefined ? [] : [[...leaving, hasPorts, statement({ port: portsOf(ports) })]];
  return [
    prefixSet(`masquerade-ipv${family}`, family, sources),
    prefixSet(`exempt-ipv${family}`, family, exempt),
    ...[...withPorts, [...leaving, statement({})]].map((expression) =>
      rule('postrouting', expression, reason),
    ),
  ];
}

/** Source: Felix: of this host, and not the device's own address. */
function fromHostByTunnel({ name, family }: DesiredNat['tunnels'][number]): NftCommand {
  const isLocal = (op: string, ...flags: string[]): NftCommand =>
    match({ fib: { result: 'type', flags } }, 'local', op);
  const expression = [
    match({ meta: { key: 'oifname' } }, name),
    match({ meta: { key: 'nfproto' } }, family === 4 ? 'ipv4' : 'ipv6'),
    isLocal('==', 'saddr'),
    isLocal('!=', 'saddr', 'oif'),
    masquerade,
  ];
  return rule('postrouting', expression, `the host itself sends by ${name}`);
}

function portsOf({ first, last }: { first: number; last: number }): number | object {
  return first === last ? first : { range: [first, last] };
}

function prefixSet(name: string, family: Family, prefixes: readonly Prefix[]): NftCommand {
  const elem = prefixes.map(prefixElement);
  return { add: { set: { ...inTable, name, type: `ipv${family}_addr`, flags: ['interval'], elem } } };
}

function prefixElement(prefix: Prefix): NftCommand {
  return { prefix: { addr: networkAddress(prefix), len: prefixLength(prefix) } };
}

function ipOf(family: Family): 'ip' | 'ip6' {
  return family === 4 ? 'ip' : 'ip6';
}

function payload(protocol: string, field: string): NftCommand {
  return { payload: { protocol, field } };
}

function match(left: NftCommand, right: unknown, op = '=='): NftCommand {
  return { match: { op, left, right } };
}

function chain(name: string, hook: object = {}): NftCommand {
  return { add: { chain: { ...inTable, name, ...hook } } };
}

/** The kernel keeps 127 bytes of a comment. */
const longestComment = 120;

function rule(chainName: string, expr: readonly NftCommand[], reason?: string): NftCommand {
  const comment = reason === undefined ? {} : { comment: reason.slice(0, longestComment) };
  return { add: { rule: { ...inTable, chain: chainName, ...comment, expr } } };
}
