/**
 * The settings of FelixConfiguration that weft acts on, as they hold on one node.
 *
 * Source: Calico. Precedence, highest first: the environment (`FELIX_<NAME>`, any case), the object `node.<name>`, objects whose
 * nodeSelector picks the node (the oldest of them), the object `default`, the built-in default.
 */
import { type Address, familyOf, type Prefix, parseAddress, parsePrefix } from '@weft/ip';
import {
  type FelixConfiguration,
  type FelixConfigurationSpec,
  matchesSelector,
  type Node,
  parseDuration,
  parseGoPattern,
  parseSelector,
} from '@weft/resources';

/** Ports, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const natOutgoingExclusions = ['IPPoolsOnly', 'IPPoolsAndHostIPs'] as const;
type NatOutgoingExclusions = (typeof natOutgoingExclusions)[number];

const sourceSpoofing = ['Disabled', 'Any'] as const;
type SourceSpoofing = (typeof sourceSpoofing)[number];

/** Settings with nothing left open; what has no default is absent. */
export interface FelixSettings {
  /** How often the routes in the kernel are read again; 0 for never. */
  readonly routeRefreshIntervalMs: number;
  /** What the names of workload interfaces begin with; the first is given to new ones. */
  readonly interfacePrefixes: readonly [string, ...string[]];
  readonly deviceRouteSourceAddress?: Address;
  readonly deviceRouteSourceAddressIPv6?: Address;
  /** Metric of routes to local workloads; that of BGPConfiguration when absent. */
  readonly ipv4NormalRoutePriority?: number;
  readonly ipv6NormalRoutePriority?: number;
  readonly ipv6Support: boolean;
  /** Turn the host's forwarding on. */
  readonly ipForwarding: boolean;
  /** VXLAN network identifier, 1…16777215. */
  readonly vxlanVni: number;
  /** UDP port of VXLAN at every node. */
  readonly vxlanPort: number;
  /** MTUs of tunnels in bytes; 0: as the interface below allows. */
  readonly vxlanMtuBytes: number;
  readonly vxlanMtuV6Bytes: number;
  readonly ipipMtuBytes: number;
  /** IPv4 ranges of hosts outside the cluster that may send into the tunnels. */
  readonly externalNodes: readonly Prefix[];
  readonly allowVxlanFromWorkloads: boolean;
  readonly allowIpipFromWorkloads: boolean;
  /** Interfaces whose MTU decides that of tunnels and workloads; those that routes use when absent. */
  readonly mtuIfacePattern?: string;
  /** Write no routes. */
  readonly routeSyncDisabled: boolean;
  /** The source ports masquerading gives to TCP and UDP. */
  readonly natPortRange?: PortRange;
  /** The IPv4 source address masquerading gives. */
  readonly natOutgoingAddress?: Address;
  readonly natOutgoingExclusions: NatOutgoingExclusions;
  /** Masquerade only what leaves by interfaces of this name; a + at its end stands for any rest. */
  readonly iptablesNATOutgoingInterfaceFilter?: string;
  /** `Any`: workloads may ask to send from addresses that are not theirs. */
  readonly workloadSourceSpoofing: SourceSpoofing;
  readonly prometheusMetricsEnabled: boolean;
  /** Empty for all addresses. */
  readonly prometheusMetricsHost: string;
  readonly prometheusMetricsPort: number;
  readonly healthEnabled: boolean;
  readonly healthHost: string;
  readonly healthPort: number;
}

/** Why what is of IPv6 is left out. */
export const NO_IPV6 = 'FelixConfiguration says ipv6Support: false';

/** Calico's defaults. */
export const DEFAULT_FELIX_SETTINGS: FelixSettings = {
  routeRefreshIntervalMs: 90_000,
  interfacePrefixes: ['cali'],
  ipv6Support: true,
  ipForwarding: true,
  routeSyncDisabled: false,
  vxlanVni: 4096,
  vxlanPort: 4789,
  vxlanMtuBytes: 0,
  vxlanMtuV6Bytes: 0,
  ipipMtuBytes: 0,
  externalNodes: [],
  allowVxlanFromWorkloads: false,
  allowIpipFromWorkloads: false,
  natOutgoingExclusions: 'IPPoolsOnly',
  workloadSourceSpoofing: 'Disabled',
  prometheusMetricsEnabled: false,
  prometheusMetricsHost: '',
  prometheusMetricsPort: 9091,
  healthEnabled: false,
  healthHost: 'localhost',
  healthPort: 9099,
};

/** What the settings of a node are decided from. */
export interface FelixSources {
  readonly nodeName: string;
  readonly node: Node | undefined;
  readonly configurations: readonly FelixConfiguration[];
  /** Variables by name; those that do not begin with FELIX_ do not matter. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The settings, and which variables make no sense and are passed over. */
export interface EffectiveFelixSettings {
  readonly settings: FelixSettings;
  readonly problems: readonly string[];
}

type Setting = keyof FelixSettings;

/** How a setting is read; `undefined` means that the value makes no sense. */
interface Reader {
  readonly field: keyof FelixConfigurationSpec;
  readonly setting: Setting;
  /** From a variable; the value of an object's field is checked already and read by `fromField`. */
  readonly fromText: (text: string) => FelixSettings[Setting] | undefined;
  readonly fromField?: (value: never) => FelixSettings[Setting] | undefined;
}

const readers: readonly Reader[] = [
  {
    field: 'routeRefreshInterval',
    setting: 'routeRefreshIntervalMs',
    fromText: (text) => within(Number(text) * 1000, 0, Number.MAX_SAFE_INTEGER),
    fromField: (text: string) => {
      const parsed = parseDuration(text);
      return parsed.ok ? parsed.value : undefined;
    },
  },
  { field: 'interfacePrefix', setting: 'interfacePrefixes', fromText: prefixes, fromField: prefixes },
  { field: 'deviceRouteSourceAddress', setting: 'deviceRouteSourceAddress', fromText: addressOf(4) },
  { field: 'deviceRouteSourceAddressIPv6', setting: 'deviceRouteSourceAddressIPv6', fromText: addressOf(6) },
  { field: 'ipv4NormalRoutePriority', setting: 'ipv4NormalRoutePriority', fromText: priority },
  { field: 'ipv6NormalRoutePriority', setting: 'ipv6NormalRoutePriority', fromText: priority },
  { field: 'ipv6Support', setting: 'ipv6Support', fromText: truth },
  { field: 'ipForwarding', setting: 'ipForwarding', fromText: enabled, fromField: enabled },
  { field: 'routeSyncDisabled', setting: 'routeSyncDisabled', fromText: truth },
  { field: 'vxlanVNI', setting: 'vxlanVni', fromText: number(1, 16_777_215) },
  { field: 'vxlanPort', setting: 'vxlanPort', fromText: number(1, 65_535) },
  { field: 'vxlanMTU', setting: 'vxlanMtuBytes', fromText: number(0, 65_535) },
  { field: 'vxlanMTUV6', setting: 'vxlanMtuV6Bytes', fromText: number(0, 65_535) },
  { field: 'ipipMTU', setting: 'ipipMtuBytes', fromText: number(0, 65_535) },
  { field: 'externalNodesList', setting: 'externalNodes', fromText: ranges },
  { field: 'allowVXLANPacketsFromWorkloads', setting: 'allowVxlanFromWorkloads', fromText: truth },
  { field: 'allowIPIPPacketsFromWorkloads', setting: 'allowIpipFromWorkloads', fromText: truth },
  { field: 'mtuIfacePattern', setting: 'mtuIfacePattern', fromText: pattern },
  { field: 'natPortRange', setting: 'natPortRange', fromText: portRange, fromField: portRange },
  { field: 'natOutgoingAddress', setting: 'natOutgoingAddress', fromText: addressOf(4) },
  {
    field: 'natOutgoingExclusions',
    setting: 'natOutgoingExclusions',
    fromText: (text) => oneOf(natOutgoingExclusions, text),
  },
  {
    field: 'workloadSourceSpoofing',
    setting: 'workloadSourceSpoofing',
    fromText: (text) => oneOf(sourceSpoofing, text),
    fromField: (text: string) => oneOf(sourceSpoofing, text),
  },
  {
    field: 'iptablesNATOutgoingInterfaceFilter',
    setting: 'iptablesNATOutgoingInterfaceFilter',
    fromText: interfaceFilter,
  },
  { field: 'prometheusMetricsEnabled', setting: 'prometheusMetricsEnabled', fromText: truth },
  { field: 'prometheusMetricsHost', setting: 'prometheusMetricsHost', fromText: (text) => text },
  { field: 'prometheusMetricsPort', setting: 'prometheusMetricsPort', fromText: port },
  { field: 'healthEnabled', setting: 'healthEnabled', fromText: truth },
  { field: 'healthHost', setting: 'healthHost', fromText: (text) => text },
  { field: 'healthPort', setting: 'healthPort', fromText: port },
];

/** Decides what holds on the node. */
export function effectiveFelixSettings(sources: FelixSources): EffectiveFelixSettings {
  const fromEnvironment = readEnvironment(sources.environment);
  const layers = [...objectsFor(sources).map(({ spec }) => settingsOf(spec)), fromEnvironment.settings];
  return {
    settings: Object.assign({}, DEFAULT_FELIX_SETTINGS, ...layers) as FelixSettings,
    problems: fromEnvironment.problems,
  };
}

/** The objects that say something about the node, the weakest first. */
function objectsFor({ configurations, node, nodeName }: FelixSources): FelixConfiguration[] {
  const named = (name: string): FelixConfiguration[] =>
    configurations.filter(({ metadata }) => metadata.name === name);
  const labels = node?.metadata.labels ?? {};
  const selected = configurations
    .filter(({ spec }) => selects(spec.nodeSelector, labels))
    .toSorted((left, right) => (ageKey(left) < ageKey(right) ? -1 : 1));
  return [...named('default'), ...selected.slice(0, 1), ...named(`node.${nodeName}`)];
}

function selects(text: string | undefined, labels: Readonly<Record<string, string>>): boolean {
  const selector = text === undefined ? undefined : parseSelector(text);
  return selector?.ok === true && matchesSelector(selector.value, labels);
}

function ageKey({ metadata }: FelixConfiguration): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
}

function settingsOf(spec: FelixConfigurationSpec): Partial<FelixSettings> {
  const given = readers.flatMap(({ field, setting, fromField }) => {
    const value = spec[field] as never;
    if (value === undefined) return [];
    const read = fromField === undefined ? value : fromField(value);
    return read === undefined ? [] : [[setting, read]];
  });
  return Object.fromEntries(given);
}

/** A variable that is empty or says "none" leaves the setting at its built-in default. Source: Felix. */
function readEnvironment(environment: FelixSources['environment']): {
  settings: Partial<FelixSettings>;
  problems: string[];
} {
  const byName = new Map(Object.entries(environment).map(([name, text]) => [name.toUpperCase(), text]));
  const given: [string, unknown][] = [];
  const problems: string[] = [];
  for (const { field, fromText, setting } of readers) {
    const name = `FELIX_${field.toUpperCase()}`;
    const text = byName.get(name);
    if (text === undefined) continue;
    const value = text === '' || text === 'none' ? DEFAULT_FELIX_SETTINGS[setting] : fromText(text);
    if (value === undefined && text !== '' && text !== 'none') problems.push(`${name} cannot be "${text}"`);
    else given.push([setting, value]);
  }
  return { settings: Object.fromEntries(given), problems };
}

function within(value: number, lowest: number, highest: number): number | undefined {
  return value >= lowest && value <= highest ? value : undefined;
}

function priority(text: string): number | undefined {
  return /^\d+$/.test(text) ? within(Number(text), 1, 2_147_483_646) : undefined;
}

function port(text: string): number | undefined {
  return /^\d+$/.test(text) ? within(Number(text), 0, 65_535) : undefined;
}

function number(lowest: number, highest: number): (text: string) => number | undefined {
  return (text) => (/^\d{1,8}$/.test(text) ? within(Number(text), lowest, highest) : undefined);
}

function pattern(text: string): string | undefined {
  return parseGoPattern(text).ok ? text : undefined;
}

/** `first:last`, or one port; a field holds a single port as a number. */
function portRange(value: string | number): PortRange | undefined {
  const ends = String(value).split(':').map(port);
  const [first = 0, last = ends.length === 1 ? first : 0] = ends;
  return ends.length <= 2 && first >= 1 && first <= last ? { first, last } : undefined;
}

function oneOf<Name extends string>(names: readonly Name[], text: string): Name | undefined {
  return names.find((name) => name.toLowerCase() === text.toLowerCase());
}

function interfaceFilter(text: string): string | undefined {
  return /^[a-zA-Z0-9:._+-]{1,15}$/.test(text) ? text : undefined;
}

function truth(text: string): boolean | undefined {
  if (/^(true|1|yes|y|t)$/i.test(text)) return true;
  return /^(false|0|no|n|f)$/i.test(text) ? false : undefined;
}

function enabled(text: string): boolean | undefined {
  if (/^enabled$/i.test(text)) return true;
  return /^disabled$/i.test(text) ? false : undefined;
}

function prefixes(text: string): readonly [string, ...string[]] | undefined {
  const [first, ...rest] = text.split(',').filter((prefix) => /^[a-zA-Z0-9_-]{1,15}$/.test(prefix));
  return first === undefined ? undefined : [first, ...rest];
}

function ranges(text: string): readonly Prefix[] | undefined {
  const parsed = text.split(',').map((item) => parsePrefix(item.includes('/') ? item : `${item}/32`));
  const found = parsed.flatMap((one) => (one.ok && familyOf(one.value) === 4 ? [one.value] : []));
  return found.length === parsed.length ? found : undefined;
}

function addressOf(family: 4 | 6): (text: string) => Address | undefined {
  return (text) => {
    const parsed = parseAddress(text);
    return parsed.ok && familyOf(parsed.value) === family ? parsed.value : undefined;
  };
}
