/**
 * The host's sysctls as desired state. Those of a workload's interface belong to `@weft/endpoint`.
 *
 * Source: Felix sets the two forwarding switches at its start.
 */
import type { Kernel, Link } from '@weft/kernel';

/** One key below /proc/sys and what it should be. */
export interface HostSysctl {
  readonly key: string;
  readonly value: string;
  /** Change it only from this value; any other is somebody's choice. */
  readonly onlyFrom?: string;
  readonly reason: string;
}

/** A key that is not as it should be. */
export interface SysctlFailure {
  readonly key: string;
  /** `ENOENT` where the kernel has no such key. */
  readonly errno: string;
  readonly reason: string;
}

/** A key that was changed. */
export interface SysctlWrite {
  readonly key: string;
  readonly from: string;
  readonly to: string;
}

const ipv6Forwarding = 'net/ipv6/conf/all/forwarding';

const forwarding: readonly HostSysctl[] = [
  { key: 'net/ipv4/ip_forward', value: '1', reason: 'the host forwards IPv4 packets of its workloads' },
  { key: ipv6Forwarding, value: '1', reason: 'the host forwards IPv6 packets of its workloads' },
];

/** Kinds of link a router advertisement for the host may come by; the empty one is hardware. */
const uplinkTypes = new Set(['', 'bond', 'team', 'vlan']);

/**
 * What a host that routes for its workloads needs, in the order in which it has to be written.
 *
 * `accept_ra` 1 means "unless forwarding is on": without a 2 in its place a host with SLAAC would lose its default route
 * the moment weft turns forwarding on. Never for veths and bridges, where a container could pose as a router.
 */
export function hostSysctls(links: readonly Link[]): HostSysctl[] {
  const uplinks = links.filter(({ name, type }) => name !== 'lo' && uplinkTypes.has(type));
  return [...uplinks.map(({ name }) => keepRouterAdvertisements(name)), ...forwarding];
}

function keepRouterAdvertisements(name: string): HostSysctl {
  return {
    key: `net/ipv6/conf/${name}/accept_ra`,
    value: '2',
    onlyFrom: '1',
    reason: `${name} takes router advertisements although the host forwards`,
  };
}

/** What became of the sysctls. */
export interface SysctlOutcome {
  readonly written: readonly SysctlWrite[];
  readonly failed: readonly SysctlFailure[];
}

/**
 * Writes those that differ: writing `ip_forward` anew would reset others. Where IPv6 forwarding is on already, router
 * advertisements are left as they are.
 */
export function applyHostSysctls(kernel: Kernel, links: readonly Link[]): SysctlOutcome {
  const forwards = kernel.readSysctl(ipv6Forwarding) === '1';
  const outcome: { written: SysctlWrite[]; failed: SysctlFailure[] } = { written: [], failed: [] };
  for (const sysctl of forwards ? forwarding : hostSysctls(links)) {
    const { key, value, onlyFrom } = sysctl;
    const from = kernel.readSysctl(key);
    if (from === value || (onlyFrom !== undefined && from !== onlyFrom)) continue;
    const result = from === undefined ? { errno: 'ENOENT' } : kernel.writeSysctl(key, value);
    if (result === null) outcome.written.push({ key, from: from ?? '', to: value });
    else outcome.failed.push({ key, errno: result.errno, reason: whyFailed(sysctl, result.errno) });
  }
  return outcome;
}

function whyFailed({ key, value, reason }: HostSysctl, errno: string): string {
  const name = key.replaceAll('/', '.');
  return `cannot set ${name} to ${value} (${errno}), so it is not sure that ${reason}; set it on the host, or let weftd write to /proc/sys`;
}
