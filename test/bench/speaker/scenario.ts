/**
 * What a BGP daemon is given to do: how many sessions, which routes each of them announces, and what it must be told.
 *
 * Everything follows from a few numbers, so that player and daemon can be started with the same name. Prefixes of one
 * attribute set do not lie next to each other, as in a real table.
 */

/** One task; `sets` and `plen` are per feeder. */
export interface Scenario {
  readonly name: string;
  readonly what: string;
  /** A route reflector with all sessions as clients, or a router between external peers. */
  readonly kind: 'reflector' | 'transit';
  readonly sessions: number;
  /** The first so many sessions announce; the others only listen. */
  readonly feeders: number;
  readonly prefixesPerFeeder: number;
  readonly setsPerFeeder: number;
  /** All feeders announce the same prefixes, each the best for some of them. */
  readonly shared?: true;
  /** Then one route is announced and withdrawn so many times. */
  readonly flaps?: number;
}

/** All scenarios, by name; the same as those of the baseline this project is compared with. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'S1',
    what: 'reflector, 100 clients with 100 prefixes each; then one route flaps (S6), then nothing happens (S8)',
    kind: 'reflector',
    sessions: 100,
    feeders: 100,
    prefixesPerFeeder: 100,
    setsPerFeeder: 1,
    flaps: 200,
  },
  {
    name: 'S2',
    what: 'reflector, 50 clients with 2,000 prefixes each',
    kind: 'reflector',
    sessions: 50,
    feeders: 50,
    prefixesPerFeeder: 2000,
    setsPerFeeder: 1,
  },
  {
    name: 'S3',
    what: 'reflector, 300 clients with 10 prefixes each',
    kind: 'reflector',
    sessions: 300,
    feeders: 300,
    prefixesPerFeeder: 10,
    setsPerFeeder: 1,
  },
  {
    name: 'S4',
    what: '500,000 prefixes in 50,000 attribute sets, one feeder, one sink',
    kind: 'transit',
    sessions: 2,
    feeders: 1,
    prefixesPerFeeder: 500_000,
    setsPerFeeder: 50_000,
  },
  {
    name: 'S5',
    what: 'two feeders with the same 200,000 prefixes in 20,000 attribute sets, one sink',
    kind: 'transit',
    sessions: 3,
    feeders: 2,
    prefixesPerFeeder: 200_000,
    setsPerFeeder: 20_000,
    shared: true,
  },
];

/** AS of the daemon, and of all sessions of a reflector. */
export const DAEMON_ASN = 64512;
/** Address of the daemon; those of the sessions follow it. */
export const DAEMON_ADDRESS = '198.18.0.1';
const FIRST_SESSION_ASN = 65001;
const FIRST_PREFIX = 0x14000000;
/** Step through the prefixes of a feeder; a prime, so that it comes to each of them. */
const STRIDE = 7919;

/** Finds a scenario by its name. */
export function findScenario(name: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name);
}

/** Address of a session. */
export function sessionAddress(index: number): string {
  const host = index + 257;
  return `198.18.${host >> 8}.${host & 0xff}`;
}

/** AS of a session. */
export function sessionAsn({ kind }: Scenario, index: number): number {
  return kind === 'reflector' ? DAEMON_ASN : FIRST_SESSION_ASN + index;
}

/** How many prefixes there are in all, the one that flaps not counted. */
export function prefixCount({ feeders, prefixesPerFeeder, shared }: Scenario): number {
  return shared === true ? prefixesPerFeeder : feeders * prefixesPerFeeder;
}

/** Length of all prefixes: blocks of addresses at a reflector, networks in transit. */
export function prefixLength({ kind }: Scenario): number {
  return kind === 'reflector' ? 26 : 24;
}

/** Address of a prefix by its number. */
export function prefixAddress(scenario: Scenario, id: number): number {
  return FIRST_PREFIX + id * 2 ** (32 - prefixLength(scenario));
}

/** Number of a prefix by its address. */
export function prefixId(scenario: Scenario, address: number): number {
  return Math.floor((address - FIRST_PREFIX) / 2 ** (32 - prefixLength(scenario)));
}

/** Numbers of the prefixes a feeder announces in one of its attribute sets. */
export function prefixesOf(scenario: Scenario, feeder: number, set: number): number[] {
  const { prefixesPerFeeder, setsPerFeeder, shared } = scenario;
  const perSet = prefixesPerFeeder / setsPerFeeder;
  const offset = shared === true ? 0 : feeder * prefixesPerFeeder;
  return Array.from(
    { length: perSet },
    (_, index) => offset + (((set * perSet + index) * STRIDE) % prefixesPerFeeder),
  );
}

/** The session whose route of a prefix is the best; nobody is told it back. */
export function ownerOf(scenario: Scenario, set: number, feeder: number): number {
  return scenario.shared === true ? set % scenario.feeders : feeder;
}
