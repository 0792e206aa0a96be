/**
 * A lab's topology: the file a user writes, its schema, and the checks that need the whole file.
 *
 * Data flow: YAML text → `parseTopology` → `Topology` with every name, address and default filled in → `up.ts`.
 * Pure: nothing here touches the machine.
 */
import { type Address, familyOf, type Prefix, parseAddress, parsePrefix } from '@weft/ip';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { AddressPlan } from './address-plan.ts';
import { type LabIssue, unknownFieldIssue } from './issues.ts';
import { interfaceNameIssue, nameIssue } from './names.ts';

/** What a host runs: weftd, weftd as a route reflector, another BGP daemon of the distribution, or nothing (a plain machine). */
export type HostRole = 'weftd' | 'route-reflector' | 'bird' | 'frr' | 'gobgp' | 'none';

/** A lab with every name, address and default filled in. */
export interface Topology {
  readonly subnets: readonly Subnet[];
  readonly hosts: readonly Host[];
  /** Where the resources live: in a file of the lab, or in an etcd of its own. */
  readonly datastore: 'embedded' | 'etcd';
  readonly pools: readonly Pool[];
  /** Resources applied before the first weftd starts, as parsed YAML values. */
  readonly resources: readonly unknown[];
  readonly holdTimeSeconds: number;
}

/** One L2 segment and the prefixes its hosts' addresses come from, at most one of each family. */
export interface Subnet {
  readonly name: string;
  readonly prefixes: readonly Prefix[];
  /** The MTU of its cables in bytes; 1500 when absent. */
  readonly mtu?: number;
}

export interface Host {
  readonly name: string;
  readonly runs: HostRole;
  /** `eth0`, `eth1` … in the order of the file. */
  readonly interfaces: readonly HostInterface[];
  readonly routes: readonly HostRoute[];
  readonly labels: Readonly<Record<string, string>>;
  readonly pods: number;
  /** The daemon's configuration file for bird, frr and gobgp; relative to the topology file. */
  readonly config?: string | undefined;
}

export interface HostInterface {
  readonly name: string;
  readonly subnet: string;
  /** That of the subnet; 1500 when absent. */
  readonly mtuBytes?: number;
  /** With prefix length: `10.0.0.1/24`. */
  readonly addresses: readonly string[];
}

export interface HostRoute {
  readonly to: Prefix;
  readonly via: Address;
}

export interface Pool {
  readonly name: string;
  readonly cidr: string;
  readonly blockSize?: number | undefined;
}

const subnetSchema = z.strictObject({
  prefixes: z.array(z.string()).min(1).max(2),
  mtu: z.int().min(1280).max(65_535).optional(),
});

const hostSchema = z.strictObject({
  runs: z.enum(['weftd', 'route-reflector', 'bird', 'frr', 'gobgp', 'none']).default('weftd'),
  interfaces: z.record(z.string(), z.array(z.string()).nullable()).optional(),
  routes: z.array(z.strictObject({ to: z.string(), via: z.string() })).default([]),
  labels: z.record(z.string(), z.string()).default({}),
  pods: z.int().min(0).max(1000).default(0),
  config: z.string().optional(),
});

const poolSchema = z.strictObject({ name: z.string(), cidr: z.string(), blockSize: z.int().optional() });

const topologySchema = z.strictObject({
  subnets: z.record(z.string(), subnetSchema),
  hosts: z.record(
    z.string(),
    hostSchema.nullable().transform((host) => host ?? hostSchema.parse({})),
  ),
  datastore: z.enum(['embedded', 'etcd']).default('embedded'),
  pools: z.array(poolSchema).default(() => defaultPools),
  resources: z.array(z.unknown()).default([]),
  holdTimeSeconds: z.int().min(3).max(65535).default(90),
});

type TopologyFile = z.infer<typeof topologySchema>;
type HostFile = TopologyFile['hosts'][string];

const defaultPools: Pool[] = [
  { name: 'default-ipv4-ippool', cidr: '10.244.0.0/16' },
  { name: 'default-ipv6-ippool', cidr: 'fd00:10:244::/64' },
];

/** Reads a topology file's text. Issues name the place in the file and what to write instead. */
export function parseTopology(
  text: string,
): { ok: true; topology: Topology } | { ok: false; issues: LabIssue[] } {
  const document = parseDocument(text);
  // The parser shows the line below its message; the path says where it is.
  const broken = document.errors.map(({ message }) => ({
    path: '',
    reason: message.split('\n')[0]?.replace(/:$/, '') ?? message,
  }));
  if (broken.length > 0) return { ok: false, issues: broken };
  const parsed = topologySchema.safeParse(document.toJS());
  if (!parsed.success) return { ok: false, issues: parsed.error.issues.flatMap(schemaIssues) };
  return resolveTopology(parsed.data);
}

/** The topology with one more host on its only subnet, under the next free name unless one is given. */
export function withHost(
  topology: Topology,
  name: string | undefined,
  pods: number,
): { ok: true; topology: Topology; host: Host } | { ok: false; issues: LabIssue[] } {
  const issues: LabIssue[] = [];
  const plan = new AddressPlan(issues);
  for (const { name: owner, interfaces } of topology.hosts) {
    for (const text of interfaces.flatMap(({ addresses }) => addresses))
      plan.take(owner, text, undefined, owner);
  }
  const newName = name ?? nextName(topology.hosts.map((host) => host.name));
  if (topology.hosts.some((host) => host.name === newName)) {
    return {
      ok: false,
      issues: [{ path: `hosts.${newName}`, reason: 'a host of that name is there already' }],
    };
  }
  const host = resolveHost(newName, hostSchema.parse({ pods }), topology.subnets, plan, issues);
  if (issues.length > 0) return { ok: false, issues };
  return { ok: true, topology: { ...topology, hosts: [...topology.hosts, host] }, host };
}

function nextName(taken: readonly string[]): string {
  for (let ordinal = 1; ; ordinal++) if (!taken.includes(`node${ordinal}`)) return `node${ordinal}`;
}

/** The lab of `lab up` without a file: hosts `node1`… on one segment, dual stack, no default route. */
export function defaultTopology(nodes: number, podsPerNode: number): Topology {
  const hosts = Object.fromEntries(
    Array.from({ length: nodes }, (_, index) => [`node${index + 1}`, { pods: podsPerNode }]),
  );
  const resolved = resolveTopology(
    topologySchema.parse({ subnets: { segment: { prefixes: ['10.0.0.0/16', 'fd00:10::/64'] } }, hosts }),
  );
  if (!resolved.ok) throw new Error(`the default topology is broken: ${JSON.stringify(resolved.issues)}`);
  return resolved.topology;
}

function schemaIssues(issue: z.core.$ZodIssue): LabIssue[] {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [{ path, reason: issue.message }];
  return issue.keys.map((key) => unknownFieldIssue(path, key, knownFieldsAt(issue.path)));
}

function knownFieldsAt(path: readonly PropertyKey[]): string[] {
  if (path.length === 0) return Object.keys(topologySchema.shape);
  if (path.includes('routes')) return ['to', 'via'];
  const shapes = { hosts: hostSchema.shape, subnets: subnetSchema.shape, pools: poolSchema.shape };
  return Object.keys(shapes[path[0] as keyof typeof shapes] ?? {});
}

function resolveTopology(
  file: TopologyFile,
): { ok: true; topology: Topology } | { ok: false; issues: LabIssue[] } {
  const issues: LabIssue[] = [];
  const subnets = Object.entries(file.subnets).map(([name, subnet]) => resolveSubnet(name, subnet, issues));
  const plan = new AddressPlan(issues);
  for (const [name, host] of Object.entries(file.hosts)) takeNamed(name, host, subnets, plan);
  const hosts = Object.entries(file.hosts).map(([name, host]) =>
    resolveHost(name, host, subnets, plan, issues),
  );
  if (issues.length > 0) return { ok: false, issues };
  const { datastore, pools, resources, holdTimeSeconds } = file;
  return { ok: true, topology: { subnets, hosts, datastore, pools, resources, holdTimeSeconds } };
}

function resolveSubnet(name: string, file: TopologyFile['subnets'][string], issues: LabIssue[]): Subnet {
  const badName = interfaceNameIssue(name);
  if (badName !== undefined) issues.push({ path: `subnets.${name}`, reason: badName });
  const prefixes = file.prefixes.flatMap((text, index) =>
    readPrefix(text, `subnets.${name}.prefixes.${index}`, issues),
  );
  const [first, second] = prefixes;
  if (first !== undefined && second !== undefined && familyOf(first) === familyOf(second))
    issues.push({
      path: `subnets.${name}.prefixes`,
      reason: `${first} and ${second} are of one family; a subnet has one of each`,
    });
  return { name, prefixes, ...(file.mtu === undefined ? {} : { mtu: file.mtu }) };
}

function takeNamed(name: string, host: HostFile, subnets: readonly Subnet[], plan: AddressPlan): void {
  for (const [subnetName, named] of Object.entries(host.interfaces ?? {})) {
    const subnet = subnets.find((candidate) => candidate.name === subnetName);
    for (const text of named ?? []) plan.take(name, text, subnet, `hosts.${name}.interfaces.${subnetName}`);
  }
}

function resolveHost(
  name: string,
  host: HostFile,
  subnets: readonly Subnet[],
  plan: AddressPlan,
  issues: LabIssue[],
): Host {
  const path = `hosts.${name}`;
  const badName = nameIssue('host', name);
  if (badName !== undefined) issues.push({ path, reason: badName });
  issues.push(...roleIssues(path, host));
  const routes = host.routes.flatMap((route, index) => readRoute(route, `${path}.routes.${index}`, issues));
  const interfaces = resolveInterfaces(name, host, subnets, plan, issues);
  const { runs, labels, pods, config } = host;
  return { name, runs, interfaces, routes, labels, pods, ...(config === undefined ? {} : { config }) };
}

function resolveInterfaces(
  name: string,
  host: HostFile,
  subnets: readonly Subnet[],
  plan: AddressPlan,
  issues: LabIssue[],
): HostInterface[] {
  const wanted = Object.entries(host.interfaces ?? onlySubnet(name, subnets, issues));
  return wanted.flatMap(([subnetName, named], index) => {
    const subnet = subnets.find((candidate) => candidate.name === subnetName);
    if (subnet === undefined) {
      issues.push({
        path: `hosts.${name}.interfaces.${subnetName}`,
        reason: `there is no subnet ${subnetName}`,
      });
      return [];
    }
    const mtu = subnet.mtu === undefined ? {} : { mtuBytes: subnet.mtu };
    const addresses = named ?? plan.assign(name, subnet);
    return [{ name: `eth${index}`, subnet: subnetName, ...mtu, addresses }];
  });
}

function onlySubnet(host: string, subnets: readonly Subnet[], issues: LabIssue[]): Record<string, null> {
  const [first, second] = subnets;
  if (first !== undefined && second === undefined) return { [first.name]: null };
  issues.push({
    path: `hosts.${host}.interfaces`,
    reason: 'name the subnets of this host: there are several',
  });
  return {};
}

function roleIssues(path: string, host: HostFile): LabIssue[] {
  const runsAnother = host.runs === 'bird' || host.runs === 'frr' || host.runs === 'gobgp';
  const issues: LabIssue[] = [];
  if (runsAnother && host.config === undefined) {
    issues.push({
      path: `${path}.config`,
      reason: `a host that runs ${host.runs} needs its configuration file`,
    });
  }
  if (!runsAnother && host.config !== undefined) {
    issues.push({
      path: `${path}.config`,
      reason: `a host that runs ${host.runs} takes no configuration file`,
    });
  }
  if (host.pods > 0 && host.runs !== 'weftd') {
    issues.push({
      path: `${path}.pods`,
      reason: `a host that runs ${host.runs} cannot have pods: only weftd plugs them in`,
    });
  }
  return issues;
}

function readPrefix(text: string, path: string, issues: LabIssue[]): Prefix[] {
  const parsed = parsePrefix(text);
  if (parsed.ok) return [parsed.value];
  issues.push({ path, reason: parsed.reason });
  return [];
}

function readRoute(route: { to: string; via: string }, path: string, issues: LabIssue[]): HostRoute[] {
  const to = readPrefix(route.to, `${path}.to`, issues)[0];
  const via = parseAddress(route.via);
  if (!via.ok) issues.push({ path: `${path}.via`, reason: via.reason });
  return to !== undefined && via.ok ? [{ to, via: via.value }] : [];
}
