/** What weft needs of a host, checked against the facts. Pure. */
import { type KernelModules, SYSCTLS, type SystemFacts } from './facts.ts';

/** One check. `SKIP`: it cannot be told here, or only some uses of weft need it. */
export interface Check {
  readonly name: string;
  readonly result: 'OK' | 'FAIL' | 'SKIP';
  /** What was found. */
  readonly found: string;
  /** What to do; absent when there is nothing to do. */
  readonly hint?: string;
}

/** All checks, in the order in which one would mend what they find. */
export function checkSystem(facts: SystemFacts): Check[] {
  return [
    kernelVersion(facts),
    ...FEATURES.map((feature) => kernelFeature(facts.modules, feature)),
    ...PROGRAMS.map((program) => programCheck(facts, program)),
    capabilityCheck(facts),
    forwarding(facts, 'IPv4 forwarding', SYSCTLS.forwarding4),
    ipv6(facts),
    rpFilter(facts),
    conntrack(facts),
    inotify(facts, 'inotify instances', SYSCTLS.inotifyInstances, 128),
    inotify(facts, 'inotify watches', SYSCTLS.inotifyWatches, 8192),
    bgpPort(facts),
    clock(facts),
  ];
}

/** 4.20 is the first kernel that filters dumps of routes as they are asked for (NETLINK_GET_STRICT_CHK). */
const OLDEST_KERNEL = [4, 20] as const;

function kernelVersion({ kernelRelease }: SystemFacts): Check {
  const [major = 0, minor = 0] = kernelRelease.split(/[.-]/).map(Number);
  const [wantedMajor, wantedMinor] = OLDEST_KERNEL;
  const isNewEnough = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  return verdict('kernel', isNewEnough, kernelRelease, `Install Linux ${OLDEST_KERNEL.join('.')} or later.`);
}

interface Feature {
  readonly name: string;
  /** Any of these modules provides it. */
  readonly modules: readonly string[];
  readonly config: string;
  /** Who needs it; absent when everybody does. */
  readonly neededFor?: string;
}

const FEATURES: readonly Feature[] = [
  { name: 'veth', modules: ['veth'], config: 'CONFIG_VETH' },
  { name: 'bridge', modules: ['bridge'], config: 'CONFIG_BRIDGE', neededFor: 'labs' },
  { name: 'vxlan', modules: ['vxlan'], config: 'CONFIG_VXLAN', neededFor: 'pools with vxlanMode' },
  { name: 'ipip', modules: ['ipip'], config: 'CONFIG_NET_IPIP', neededFor: 'pools with ipipMode' },
  {
    name: 'nf_tables',
    modules: ['nf_tables'],
    config: 'CONFIG_NF_TABLES',
    neededFor: 'the check of what pods send from, natOutgoing and published ports',
  },
  {
    name: 'nf_conntrack',
    modules: ['nf_conntrack'],
    config: 'CONFIG_NF_CONNTRACK',
    neededFor: 'the check of what pods send from, natOutgoing and published ports',
  },
  {
    name: 'ip_tables',
    modules: ['ip_tables'],
    config: 'CONFIG_IP_NF_IPTABLES',
    neededFor: 'programs beside weft',
  },
];

function kernelFeature(modules: KernelModules, feature: Feature): Check {
  const { name, neededFor } = feature;
  const state = stateOf(modules, feature);
  if (state.present) return { name, result: 'OK', found: state.found };
  if (state.present === undefined)
    return {
      name,
      result: 'SKIP',
      found: state.found,
      hint: 'Name the kernel configuration with -f to find out.',
    };
  const hint = `Use a kernel with ${feature.config}, or install its module ${feature.modules[0]}.`;
  return neededFor === undefined
    ? { name, result: 'FAIL', found: state.found, hint }
    : { name, result: 'SKIP', found: `${state.found}; only for ${neededFor}`, hint };
}

/** Loaded; else as the module directory says; else as the configuration says; else unknown. */
function stateOf(
  { present, listed, config }: KernelModules,
  { modules, config: symbol }: Feature,
): { readonly present: boolean | undefined; readonly found: string } {
  if (modules.some((name) => present.has(name))) return { present: true, found: 'in the kernel' };
  if (modules.some((name) => listed?.has(name))) return { present: true, found: 'can be loaded' };
  const built = config?.get(symbol);
  if (built === 'y') return { present: true, found: `${symbol}=y` };
  if (built === 'm' && listed === undefined)
    return { present: undefined, found: `${symbol}=m, but no module directory to look in` };
  if (config || listed)
    return { present: false, found: built === 'm' ? 'its module is not installed' : 'missing' };
  return { present: undefined, found: 'this kernel does not tell' };
}

interface Program {
  readonly name: string;
  readonly neededFor: string;
}

const PROGRAMS: readonly Program[] = [
  { name: 'nft', neededFor: 'the check of what pods send from, natOutgoing and published ports' },
  { name: 'ip', neededFor: 'labs and `weftctl node diags`' },
  { name: 'iptables', neededFor: 'programs beside weft' },
];

function programCheck({ programs }: SystemFacts, { name, neededFor }: Program): Check {
  const path = programs.get(name);
  const label = `program ${name}`;
  if (path !== undefined) return { name: label, result: 'OK', found: path };
  return { name: label, result: 'SKIP', found: `not installed; only for ${neededFor}` };
}

/** Capabilities weftd needs, by bit. Source: include/uapi/linux/capability.h. */
const CAPABILITIES = { CAP_NET_BIND_SERVICE: 10n, CAP_NET_ADMIN: 12n, CAP_NET_RAW: 13n, CAP_SYS_ADMIN: 21n };

function capabilityCheck({ capabilities }: SystemFacts): Check {
  const name = 'capabilities';
  if (capabilities === undefined) return { name, result: 'SKIP', found: '/proc/self/status does not tell' };
  const missing = Object.entries(CAPABILITIES)
    .filter(([, bit]) => ((capabilities >> bit) & 1n) === 0n)
    .map(([capability]) => capability);
  const found =
    missing.length === 0 ? Object.keys(CAPABILITIES).join(', ') : `missing: ${missing.join(', ')}`;
  return verdict(name, missing.length === 0, found, 'Run weftd, and this command, as root or with them.');
}

function forwarding({ sysctls, sysctlsWritable }: SystemFacts, name: string, key: string): Check {
  const value = sysctls.get(key);
  const label = `${key.replaceAll('/', '.')} = ${value}`;
  if (value === undefined)
    return { name, result: 'FAIL', found: 'the kernel has no such switch', hint: 'Use a kernel with it.' };
  if (value !== '0') return { name, result: 'OK', found: label };
  if (sysctlsWritable) return { name, result: 'OK', found: `${label}; weftd sets it to 1 when it starts` };
  const hint = `Set ${key.replaceAll('/', '.')} to 1 on the host, or let weftd write to /proc/sys.`;
  return { name, result: 'FAIL', found: `${label}, and /proc/sys is read-only`, hint };
}

function ipv6(facts: SystemFacts): Check {
  const name = 'IPv6 forwarding';
  const disabled = facts.sysctls.get(SYSCTLS.disableIpv6);
  if (disabled === undefined)
    return { name, result: 'SKIP', found: 'this kernel has no IPv6; only for IPv6 pools' };
  if (disabled === '1')
    return { name, result: 'SKIP', found: 'net.ipv6.conf.all.disable_ipv6 = 1; only for IPv6 pools' };
  return forwarding(facts, name, SYSCTLS.forwarding6);
}

function rpFilter({ sysctls }: SystemFacts): Check {
  const name = 'rp_filter';
  const value = sysctls.get(SYSCTLS.rpFilter);
  if (value === undefined) return { name, result: 'SKIP', found: 'the kernel has no such switch' };
  const found = `net.ipv4.conf.all.rp_filter = ${value}`;
  if (value !== '1') return { name, result: 'OK', found };
  const hint =
    'Where packets may come back by another interface than they left by (several uplinks), set it to 2.';
  return { name, result: 'OK', found: `${found} (strict)`, hint };
}

/** A table this full refuses new connections soon. */
const CONNTRACK_FULL = 0.9;

function conntrack({ sysctls }: SystemFacts): Check {
  const name = 'conntrack entries';
  const [count, max] = [SYSCTLS.conntrackCount, SYSCTLS.conntrackMax].map((key) => sysctls.get(key));
  if (count === undefined || max === undefined)
    return { name, result: 'SKIP', found: 'connections are not tracked here' };
  const hint = 'Raise net.netfilter.nf_conntrack_max: new connections are dropped when the table is full.';
  return verdict(name, Number(count) < CONNTRACK_FULL * Number(max), `${count} of ${max}`, hint);
}

function inotify({ sysctls }: SystemFacts, name: string, key: string, least: number): Check {
  const value = sysctls.get(key);
  if (value === undefined) return { name, result: 'SKIP', found: 'the kernel has no such limit' };
  const label = key.replaceAll('/', '.');
  const hint = `Raise ${label} to ${least} or more: without inotify an embedded datastore is asked twenty times a second.`;
  return verdict(name, Number(value) >= least, `${label} = ${value}`, hint);
}

function bgpPort({ bgpListener }: SystemFacts): Check {
  const name = 'TCP port 179';
  if (bgpListener === undefined) return { name, result: 'OK', found: 'free' };
  if (bgpListener === 'weftd') return { name, result: 'OK', found: 'weftd listens' };
  const hint = 'Stop that program, or give weft another listenPort in the BGPConfiguration.';
  return { name, result: 'FAIL', found: `${bgpListener || 'another program'} listens`, hint };
}

/** No clock of a host that runs this can be earlier. */
const EARLIEST = Date.UTC(2025, 0, 1);

function clock({ clock: { now, synchronized } }: SystemFacts): Check {
  const name = 'clock';
  const found = new Date(now).toISOString();
  if (now < EARLIEST)
    return {
      name,
      result: 'FAIL',
      found,
      hint: 'Set the clock: leases, certificates and cooldowns depend on it.',
    };
  if (synchronized) return { name, result: 'OK', found: `${found}, synchronized` };
  return { name, result: 'SKIP', found: `${found}; whether it is synchronized cannot be told` };
}

function verdict(name: string, isOk: boolean, found: string, hint: string): Check {
  return isOk ? { name, result: 'OK', found } : { name, result: 'FAIL', found, hint };
}
