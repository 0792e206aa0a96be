import { address, prefix } from '@weft/ip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import { Network, peer, receivedBy, speaker } from './test/network.ts';
import { DETACH_BYTES } from './update-group.ts';

const AS = 64512;
const REFLECTOR = '10.0.0.1';
/** Three clients, a fourth with ADD-PATH that gets all paths or the best, one internal peer that is no client, one external peer. */
const CLIENTS = ['10.0.0.2', '10.0.0.3', '10.0.0.4'];
const PLAIN = '10.0.0.5';
const OUTSIDE = '10.0.0.6';
const WATCHER = '10.0.0.7';
const NAMES = [...CLIENTS, PLAIN, OUTSIDE, WATCHER];
const PREFIXES = ['10.1.0.0/26', '10.1.0.64/26', '10.1.0.128/26', '10.2.0.0/26', '0.0.0.0/0'];
const HIDDEN = prefix('10.1.0.0/24');

type Routes = Record<string, number>;

interface State {
  /** Local routes of a node with their preference. */
  routes: Map<string, Routes>;
  alive: Set<string>;
  /** The reflector hides 10.1.0.0/24 from its clients. */
  hiding: boolean;
  /** It tells the watcher the best path alone. */
  bestOnly: boolean;
}

type Step =
  | { kind: 'routes'; name: string; routes: Routes }
  | { kind: 'kill' | 'restart' | 'break' | 'refresh' | 'pause' | 'resume'; name: string }
  | { kind: 'policy'; hiding: boolean; bestOnly: boolean }
  | { kind: 'wait'; milliseconds: number };

const name = fc.constantFrom(...NAMES);
const routes = fc.dictionary(fc.constantFrom(...PREFIXES), fc.constantFrom(100, 200, 300));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('routes' as const), name, routes }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'kill' as const,
        'restart' as const,
        'break' as const,
        'refresh' as const,
        'pause' as const,
        'resume' as const,
      ),
      name,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('policy' as const),
      hiding: fc.boolean(),
      bestOnly: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      milliseconds: fc.constantFrom(0, 10, 1_000, 20_000),
    }),
  },
);

function reflector({ bestOnly, hiding }: Pick<State, 'bestOnly' | 'hiding'>): SpeakerConfig {
  const exportPolicy = hiding
    ? [
        {
          name: 'hide',
          match: { prefix: { operator: 'in' as const, prefix: HIDDEN } },
          action: 'reject' as const,
        },
      ]
    : [];
  const client: Partial<PeerConfig> = { passive: true, routeReflectorClient: true, exportPolicy };
  return speaker(REFLECTOR, AS, [
    ...CLIENTS.map((clientName) => peer(clientName, AS, client)),
    peer(PLAIN, AS, { passive: true }),
    peer(OUTSIDE, AS + 1, { passive: true }),
    peer(WATCHER, AS, {
      passive: true,
      routeReflectorClient: true,
      addPath: 'send',
      addPathBestOnly: bestOnly,
    }),
  ]);
}

function leaf(leafName: string): SpeakerConfig {
  const addPath = leafName === WATCHER ? 'receive' : undefined;
  return speaker(leafName, leafName === OUTSIDE ? AS + 1 : AS, [
    peer(REFLECTOR, AS, { connectRetryTimeSeconds: 1, addPath }),
  ]);
}

function setRoutes(network: Network, leafName: string, own: Routes): void {
  const list = Object.entries(own).map(([text, localPref]) => ({ prefix: prefix(text), localPref }));
  network.send(leafName, { kind: 'set-local-routes', routes: list });
}

function apply(network: Network, state: State, change: Step): void {
  switch (change.kind) {
    case 'wait':
      network.advance(change.milliseconds);
      return;
    case 'policy':
      state.hiding = change.hiding;
      state.bestOnly = change.bestOnly;
      network.send(REFLECTOR, { kind: 'configure', config: reflector(change) });
      return;
    case 'routes':
      state.routes.set(change.name, change.routes);
      if (state.alive.has(change.name)) setRoutes(network, change.name, change.routes);
      return;
    case 'kill':
      if (state.alive.delete(change.name)) network.kill(change.name);
      return;
    case 'restart':
      revive(network, state, change.name);
      return;
    case 'break':
      network.disconnect(change.name, REFLECTOR);
      return;
    case 'refresh':
      network.send(change.name, { kind: 'refresh-peer', peer: address(REFLECTOR), direction: 'in' });
      return;
    case 'pause':
      network.node(change.name).reading = false;
      return;
    case 'resume':
      network.resume(change.name);
  }
}

function revive(network: Network, state: State, leafName: string): void {
  if (state.alive.has(leafName)) return;
  state.alive.add(leafName);
  network.restart(leafName, leaf(leafName), { restarting: true });
  setRoutes(network, leafName, state.routes.get(leafName) ?? {});
}

/** What the model says each node gets from the reflector: `prefix source`. */
function expected({ routes: all, hiding, bestOnly }: State, of: string): string[] {
  const told: string[] = [];
  for (const text of PREFIXES) {
    const candidates = NAMES.filter((candidate) => all.get(candidate)?.[text] !== undefined);
    // LOCAL_PREF of an external peer is not taken over; its AS_PATH is longer; then the lower identifier.
    const preference = (candidate: string) =>
      candidate === OUTSIDE ? 100 : (all.get(candidate)?.[text] ?? 0);
    candidates.sort(
      (left, right) =>
        preference(right) - preference(left) ||
        Number(left === OUTSIDE) - Number(right === OUTSIDE) ||
        NAMES.indexOf(left) - NAMES.indexOf(right),
    );
    if (of === WATCHER && !bestOnly) {
      told.push(
        ...candidates.filter((candidate) => candidate !== of).map((candidate) => `${text} ${candidate}`),
      );
      continue;
    }
    const [best] = candidates;
    if (best === undefined || best === of) continue;
    const hidden = hiding && CLIENTS.includes(of) && text.startsWith('10.1.');
    if (!hidden) told.push(`${text} ${best}`);
  }
  return told.sort();
}

function actual(network: Network, of: string): string[] {
  const told: string[] = [];
  for (const { prefix: text, attributes } of receivedBy(network, of, REFLECTOR).values()) {
    const inside = attributes.originatorId ?? attributes.nextHop;
    told.push(of === OUTSIDE ? `${text} ${attributes.asPath}` : `${text} ${inside}`);
  }
  return told.sort();
}

/** The external peer sees no source, only the path. */
function asSeenOutside(line: string): string {
  const [text, source] = line.split(' ');
  return `${text} ${source === OUTSIDE ? `${AS} ${AS + 1}` : AS}`;
}

describe('a reflector under random churn', () => {
  test('at rest, every peer has exactly what a model of the whole network says', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), fc.boolean(), (steps, heavy) => {
        const network = new Network();
        // A few unread bytes are enough to be detached.
        if (heavy) network.weight = DETACH_BYTES;
        const state: State = { routes: new Map(), alive: new Set(NAMES), hiding: false, bestOnly: false };
        network.add(reflector(state));
        for (const leafName of NAMES) network.add(leaf(leafName));
        network.send(REFLECTOR, { kind: 'set-local-routes', routes: [] });
        for (const leafName of NAMES) setRoutes(network, leafName, {});
        for (const change of steps) apply(network, state, change);
        for (const leafName of NAMES) {
          revive(network, state, leafName);
          network.resume(leafName);
        }
        network.advance(600_000);
        for (const leafName of NAMES) {
          const wanted = expected(state, leafName);
          expect(actual(network, leafName), leafName).toEqual(
            leafName === OUTSIDE ? wanted.map(asSeenOutside) : wanted,
          );
        }
        for (const status of network.node(REFLECTOR).speaker.status()) {
          expect(status.families[0]).toMatchObject({ stream: 'in-sync', stale: 0 });
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
