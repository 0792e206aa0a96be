/**
 * What decisions are made from, as named objects, so that a change of one is one line: `Node/a`, `IPPool/p`,
 * `WorkloadEndpoint/ns/x`, `Service/ns/x`, `Place/10.0.0.0/26`, `LinkRouter/eth0`, `WayToPeer/fe80::1`, `Secret/name/key`,
 * `FelixSettings`, `CalcSettings`, `LocalFacts`, and `UnreadPlaces` while nobody knows where blocks are. A route reflector decides
 * from Nodes, BGPConfigurations, BGPPeers, Secrets and `ReflectorSettings`.
 *
 * The value of a Secret is never an object's value: in its place stands a name, the same one for the same value, because a
 * password that changes resets a session.
 */
import {
  type CalcInput,
  type CalcSettings,
  DEFAULT_FELIX_SETTINGS,
  DEFAULT_SETTINGS,
  type FelixSettings,
  type LocalFacts,
  type ReflectorInput,
} from '@weft/calc';
import type { Resource } from '@weft/resources';
import type { LineContent } from './line.ts';

/** Input lists whose items are resources. */
const RESOURCE_LISTS = [
  'nodes',
  'pools',
  'bgpConfigurations',
  'bgpPeers',
  'bgpFilters',
  'blockAffinities',
  'endpoints',
] as const;
type ResourceList = (typeof RESOURCE_LISTS)[number];

const LIST_OF_KIND: Readonly<Record<string, ResourceList>> = {
  Node: 'nodes',
  IPPool: 'pools',
  BGPConfiguration: 'bgpConfigurations',
  BGPPeer: 'bgpPeers',
  BGPFilter: 'bgpFilters',
  BlockAffinity: 'blockAffinities',
  WorkloadEndpoint: 'endpoints',
};

/** Nobody is on the interfaces that BGPPeers name. */
const NOBODY: NonNullable<CalcInput['linkRouters']> = [];
/** To the peers the speaker has, the routing table knows all ways. */
const NO_WAYS: NonNullable<CalcInput['waysInUse']> = [];

const FELIX = 'FelixSettings';
const FACTS = 'LocalFacts';
const SETTINGS = 'CalcSettings';
const UNREAD_PLACES = 'UnreadPlaces';
const REFLECTOR = 'ReflectorSettings';

/** How a route reflector was started, and what it knows of its host. */
type ReflectorSettings = Pick<ReflectorInput, 'addresses' | 'listenPort' | 'settings' | 'subnets'>;

/** The lists of resources that it decides from. */
const REFLECTOR_LISTS = ['nodes', 'bgpConfigurations', 'bgpPeers'] as const;

/** Lines about objects. */
export type ObjectLine = Extract<LineContent, { kind: 'put' | 'delete' }>;

/** Finds what is new in an input since the one before, going by the identity of objects. */
export class InputChanges {
  readonly #lists = new Map<string, { readonly source: unknown; readonly objects: Map<string, unknown> }>();
  readonly #secretNames = new Map<string, string>();
  #felix: FelixSettings | undefined;
  #facts: LocalFacts | undefined;
  #settings: CalcSettings | undefined;
  #reflector: ReflectorSettings | undefined;

  /** The changes, as lines; everything the first time. */
  changes(input: CalcInput): ObjectLine[] {
    const lines: ObjectLine[] = [];
    for (const list of RESOURCE_LISTS) this.#compareResources(lines, list, input[list]);
    this.#compare(lines, 'services', input.services, () =>
      input.services.map((service) => [`Service/${service.name}`, service]),
    );
    this.#compare(
      lines,
      'places',
      input.places,
      () => input.places?.map((place) => [`Place/${place.prefix}`, place]) ?? [[UNREAD_PLACES, true]],
    );
    const { linkRouters = NOBODY, waysInUse = NO_WAYS } = input;
    this.#compare(lines, 'linkRouters', linkRouters, () =>
      linkRouters.map((router) => [`LinkRouter/${router.interface}`, router]),
    );
    this.#compare(lines, 'waysInUse', waysInUse, () =>
      waysInUse.map((way) => [`WayToPeer/${way.peer}`, way]),
    );
    this.#compareSecrets(lines, input.secrets);
    if (input.felix !== this.#felix) lines.push({ kind: 'put', object: FELIX, value: input.felix });
    if (input.facts !== this.#facts) lines.push({ kind: 'put', object: FACTS, value: input.facts });
    if (JSON.stringify(input.settings) !== JSON.stringify(this.#settings))
      lines.push({ kind: 'put', object: SETTINGS, value: input.settings });
    this.#settings = input.settings;
    this.#felix = input.felix;
    this.#facts = input.facts;
    return lines;
  }

  /** The same of a route reflector. */
  changesOfReflector(input: ReflectorInput): ObjectLine[] {
    const { addresses, listenPort, secrets, settings, subnets } = input;
    const lines: ObjectLine[] = [];
    for (const list of REFLECTOR_LISTS) this.#compareResources(lines, list, input[list]);
    this.#compareSecrets(lines, secrets);
    const value: ReflectorSettings = { addresses, listenPort, settings, subnets };
    if (JSON.stringify(value) !== JSON.stringify(this.#reflector))
      lines.push({ kind: 'put', object: REFLECTOR, value });
    this.#reflector = value;
    return lines;
  }

  /** Everything as it was at the last look for changes, for a snapshot. */
  all(): ObjectLine[] {
    const objects = [...this.#lists.values()].flatMap(({ objects }) => [...objects]);
    if (this.#felix !== undefined) objects.push([FELIX, this.#felix]);
    if (this.#facts !== undefined) objects.push([FACTS, this.#facts]);
    if (this.#settings !== undefined) objects.push([SETTINGS, this.#settings]);
    if (this.#reflector !== undefined) objects.push([REFLECTOR, this.#reflector]);
    return objects.map(([object, value]) => ({ kind: 'put', object, value }));
  }

  #compareResources(lines: ObjectLine[], list: ResourceList, items: readonly Resource[]): void {
    // Endpoints come as a new array each time.
    this.#compare(lines, list, items, () => items.map((item) => [resourceName(item), item]));
  }

  #compareSecrets(lines: ObjectLine[], secrets: ReadonlyMap<string, string>): void {
    this.#compare(lines, 'secrets', secrets, () =>
      [...secrets].map(([key, value]) => [`Secret/${key}`, this.nameOf(value)]),
    );
  }

  #compare(
    lines: ObjectLine[],
    list: string,
    source: unknown,
    entries: () => (readonly [string, unknown])[],
  ): void {
    const before = this.#lists.get(list);
    if (before !== undefined && before.source === source) return;
    const objects = new Map(entries());
    for (const [object, value] of objects)
      if (before?.objects.get(object) !== value) lines.push({ kind: 'put', object, value });
    for (const object of before?.objects.keys() ?? [])
      if (!objects.has(object)) lines.push({ kind: 'delete', object });
    this.#lists.set(list, { source, objects });
  }

  /** The name that stands for a secret value. */
  nameOf(value: string): string {
    const known = this.#secretNames.get(value) ?? `secret ${this.#secretNames.size + 1}`;
    this.#secretNames.set(value, known);
    return known;
  }
}

/** `Kind/name` or `Kind/namespace/name`. */
export function resourceName({ kind, metadata }: Resource): string {
  const namespace = 'namespace' in metadata ? metadata.namespace : undefined;
  return namespace === undefined ? `${kind}/${metadata.name}` : `${kind}/${namespace}/${metadata.name}`;
}

/**
 * Puts an input together from recorded objects; undefined while some of it is not known. Settings that the weftd that wrote them
 * did not have are as if nobody set them.
 */
export function inputOf(
  objects: ReadonlyMap<string, unknown>,
  constant: Pick<CalcInput, 'nodeName' | 'nodeNameDigest'>,
): CalcInput | undefined {
  const felix = objects.get(FELIX) as FelixSettings | undefined;
  const facts = objects.get(FACTS) as LocalFacts | undefined;
  const settings = objects.get(SETTINGS) as CalcSettings | undefined;
  if (felix === undefined || facts === undefined || settings === undefined) return undefined;
  const lists = Object.fromEntries(RESOURCE_LISTS.map((list) => [list, [] as unknown[]]));
  const services: unknown[] = [];
  const places: unknown[] = [];
  const linkRouters: unknown[] = [];
  const waysInUse: unknown[] = [];
  const secrets = new Map<string, string>();
  for (const [object, value] of objects) {
    const slash = object.indexOf('/');
    const kind = object.slice(0, slash);
    if (kind === 'Service') services.push(value);
    else if (kind === 'Place') places.push(value);
    else if (kind === 'LinkRouter') linkRouters.push(value);
    else if (kind === 'WayToPeer') waysInUse.push(value);
    else if (kind === 'Secret') secrets.set(object.slice(slash + 1), value as string);
    else lists[LIST_OF_KIND[kind] ?? '']?.push(value);
  }
  const known = {
    ...(linkRouters.length > 0 && { linkRouters }),
    ...(waysInUse.length > 0 && { waysInUse }),
  };
  return {
    ...constant,
    ...lists,
    ...known,
    services,
    places: objects.has(UNREAD_PLACES) ? undefined : places,
    secrets,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    felix: { ...DEFAULT_FELIX_SETTINGS, ...felix },
    facts,
  } as unknown as CalcInput;
}

/** The same of a route reflector; undefined where no such is recorded. */
export function reflectorInputOf(
  objects: ReadonlyMap<string, unknown>,
  { nodeName: name, nodeNameDigest: nameDigest }: Pick<CalcInput, 'nodeName' | 'nodeNameDigest'>,
): ReflectorInput | undefined {
  const own = objects.get(REFLECTOR) as ReflectorSettings | undefined;
  if (own === undefined) return undefined;
  const named = (kind: string) =>
    [...objects].flatMap(([object, value]) =>
      object.startsWith(`${kind}/`) ? [[object.slice(kind.length + 1), value] as const] : [],
    );
  const ofKind = (kind: string): unknown[] => named(kind).map(([, value]) => value);
  return {
    ...own,
    settings: { ...DEFAULT_SETTINGS, ...own.settings },
    nodes: ofKind('Node'),
    bgpConfigurations: ofKind('BGPConfiguration'),
    bgpPeers: ofKind('BGPPeer'),
    secrets: new Map(named('Secret')),
    name,
    nameDigest,
  } as ReflectorInput;
}
