/**
 * What differs between two states of a node, for `weftctl diff --at`.
 */
import type { LocalFacts } from '@weft/calc';
import type { BestPath } from 'bgp-speaker-ts';
import type { RecordedRoute, RecordedState } from './recorded-state.ts';

/** The sorts of things that are compared, in the order they are shown. */
export const CHANGED_THINGS = [
  'session',
  'resource',
  'address',
  'announcement',
  'best-path',
  'kernel-route',
] as const;

/** One difference. `before` or `after` is absent for what was not there; of a resource that is there both times, the fields. */
export interface StateChange {
  readonly what: (typeof CHANGED_THINGS)[number];
  readonly name: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/**
 * Every difference, sorted by what and name. Texts are for people.
 *
 * @param timeText writes a time in ms since 1970
 */
export function compareStates(
  before: RecordedState,
  after: RecordedState,
  timeText: (at: number) => string,
): StateChange[] {
  const views = [viewsOf(before, timeText), viewsOf(after, timeText)] as const;
  return CHANGED_THINGS.flatMap((what) => compareTables(what, views[0][what], views[1][what]));
}

type Views = Readonly<Record<(typeof CHANGED_THINGS)[number], ReadonlyMap<string, string>>>;

function viewsOf(state: RecordedState, timeText: (at: number) => string): Views {
  const resources = new Map<string, string>();
  const addresses = new Map<string, string>();
  for (const [object, value] of state.objects) {
    if (object === 'LocalFacts')
      for (const [name, text] of factsOf(value as LocalFacts)) resources.set(name, text);
    else if (object.startsWith('WorkloadEndpoint/'))
      for (const one of addressesOf(value)) addresses.set(one, object);
    else resources.set(object, textOf(value));
  }
  return {
    session: new Map(
      [...state.sessions].map(([peer, since]) => [peer, `Established since ${timeText(since)}`]),
    ),
    resource: resources,
    address: addresses,
    announcement: state.announced,
    'best-path': new Map([...state.best].map(([prefix, path]) => [prefix, describePath(path)])),
    'kernel-route': new Map([...state.kernel].map(([key, route]) => [key, describeRoute(route)])),
  };
}

function compareTables(
  what: StateChange['what'],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): StateChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name): StateChange[] => {
    const [left, right] = [before.get(name), after.get(name)];
    if (left === right) return [];
    return what === 'resource' && left !== undefined && right !== undefined
      ? [{ what, name, ...differingFields(JSON.parse(left), JSON.parse(right)) }]
      : [{ what, name, before: left, after: right }];
  });
}

/** The fields of which the values are not the same, on both sides: `spec.disabled: true; spec.nodeSelector: "all()"`. */
function differingFields(left: unknown, right: unknown): Pick<StateChange, 'after' | 'before'> {
  const [before, after] = [fieldsOf(left), fieldsOf(right)];
  const text = (
    these: ReadonlyMap<string, string>,
    others: ReadonlyMap<string, string>,
  ): string | undefined => {
    const differing = [...these].filter(([path, value]) => others.get(path) !== value);
    return differing.length === 0 ? undefined : differing.map((field) => field.join(': ')).join('; ');
  };
  return { before: text(before, after), after: text(after, before) };
}

function fieldsOf(value: unknown, path = '', fields: Map<string, string> = new Map()): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    fields.set(path, JSON.stringify(value));
  else
    for (const [key, item] of Object.entries(value))
      fieldsOf(item, path === '' ? key : `${path}.${key}`, fields);
  return fields;
}

function addressesOf(endpoint: unknown): readonly string[] {
  const { spec } = endpoint as { spec?: { ipNetworks?: readonly string[] } };
  return spec?.ipNetworks ?? [];
}

function factsOf({ interfaces, routes }: LocalFacts): [string, string][] {
  return [
    ...interfaces.map((one): [string, string] => [`interface ${one.name}`, JSON.stringify(one)]),
    ...routes.map((route): [string, string] => [
      `underlay route ${route.destination} ${route.gateway ?? route.interface ?? ''} metric ${route.metric}`,
      JSON.stringify(route),
    ]),
  ];
}

/** What the store fills in changes at each write and says nothing. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (key, item) =>
    key === 'resourceVersion' || key === 'uid' || key === 'creationTimestamp' ? undefined : item,
  );
}

/** A best path in a few words. */
export function describePath({ localPref, med, nextHops, peer, source, stale }: BestPath): string {
  if (source === 'local') return 'originated here';
  const via = nextHops.map(({ address }) => address).join(', ');
  const session = source === 'internal' ? 'iBGP' : 'eBGP';
  const rest = `${med === undefined ? '' : `, MED ${med}`}${stale ? ', stale' : ''}`;
  return `from ${peer} (${session}) via ${via}, LOCAL_PREF ${localPref}${rest}`;
}

/** A kernel route in a few words. */
export function describeRoute({ detail, route, state }: RecordedRoute): string {
  if (route === undefined) return 'left by an earlier weftd';
  const via = route.via.map(
    (hop) => `${hop.gateway === undefined ? '' : `via ${hop.gateway} `}dev ${hop.interface}`,
  );
  const what = [route.type === 'unicast' ? '' : route.type, ...via].filter((part) => part !== '').join(', ');
  return state === 'failed' ? `${what}: failed, ${detail}` : what;
}
