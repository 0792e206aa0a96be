import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { DownReason } from '../fsm/types.ts';
import type { HeardEvent } from './chronicle.ts';
import type { SpeakerConfig } from './config.ts';
import type { SpeakerEvent } from './events.ts';
import { Retelling } from './retelling.ts';
import { Speaker } from './speaker.ts';
import { Network, originate, peer, speaker } from './test/network.ts';

const A = '10.0.0.1';
const B = '10.0.0.2';
const C = '10.0.0.3';
const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;

/** What the retold speaker is told: what was heard, and what its owner said. */
type Told = { readonly at: number; readonly heard?: HeardEvent; readonly said?: SpeakerEvent };

/** Node A with two peers, its chronicle, and the means to begin another one from a snapshot. */
class Life {
  readonly network = new Network();
  readonly told: Told[] = [];
  /** As many events had been told when a snapshot was taken. */
  readonly beginnings: Told[][] = [];
  config: SpeakerConfig = speaker(A, 1, [
    peer(B, 1, { passive: true, routeReflectorClient: true }),
    peer(C, 3, { passive: true }),
  ]);
  #snapshot: () => void = () => {};
  #routes: Extract<SpeakerEvent, { kind: 'set-local-routes' }> | undefined;

  constructor() {
    this.network.add(this.config, {}, (own, options) => {
      const made = new Speaker(own, options);
      const chronicle = made.chronicle((heard, at) => this.#note({ at, heard: copied(heard) }));
      this.#snapshot = () => {
        const beginning: Told[] = [];
        if (this.#routes !== undefined) beginning.push({ at: 0, said: this.#routes });
        // Not copied: what a snapshot gives stays as it is.
        chronicle.snapshot((heard, at) => beginning.push({ at, heard }));
        beginning.unshift({ at: 0, said: { kind: 'configure', config: this.config } });
        this.beginnings.push(beginning);
      };
      return made;
    });
    this.network.tap = (node, said, at) => {
      if (node !== A) return;
      if (said.kind === 'set-local-routes') this.#routes = said;
      if (said.kind === 'configure' || said.kind === 'set-local-routes') this.#note({ at, said });
    };
    this.network.add(speaker(B, 1, [peer(A, 1)]));
    this.network.add(speaker(C, 3, [peer(A, 1)]));
  }

  /** Whoever begins here is told all that comes after. */
  snapshot(): void {
    this.#snapshot();
  }

  /** A speaker that was told the story from its first event, or from a snapshot. */
  retold(story: readonly Told[]): Speaker {
    const first = Math.min(...story.map(({ at }) => at));
    const retelling = new Retelling(this.config, { now: first, restarting: false });
    for (const { at, heard, said } of story) {
      if (heard !== undefined) retelling.tell(heard, at);
      else if (said?.kind === 'configure') retelling.configure(said.config, at);
      else if (said !== undefined) retelling.speaker.handle(said, at);
      retelling.select(at);
    }
    retelling.elapse(this.network.now);
    retelling.select(this.network.now);
    return retelling.speaker;
  }

  #note(told: Told): void {
    this.told.push(told);
    for (const beginning of this.beginnings) beginning.push(told);
  }
}

function copied(heard: HeardEvent): HeardEvent {
  return heard.kind === 'updates' ? { ...heard, bytes: heard.bytes.slice() } : heard;
}

function routesOf(of: Speaker): unknown {
  return FAMILIES.map((family) => ({
    best: [...of.locRib(family)].sort((left, right) => (left.prefix < right.prefix ? -1 : 1)),
    received: [B, C].map((name) =>
      [...of.adjRibIn(address(name), family)]
        .map(({ heard: _heard, ...route }: { heard?: unknown } & object) => route)
        .sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1)),
    ),
  }));
}

/** All beginnings lead to the same routes. */
function expectSame(life: Life): void {
  const expected = routesOf(life.network.node(A).speaker);
  for (const story of [life.told, ...life.beginnings]) expect(routesOf(life.retold(story))).toEqual(expected);
}

describe('what was heard, told to another speaker', () => {
  test('leads to the same routes, from the first event and from any snapshot', () => {
    const life = new Life();
    const { network } = life;
    life.snapshot();
    originate(network, A, '10.1.0.0/26');
    originate(network, B, '10.2.0.0/26', '10.2.0.64/26', 'fd00::/64');
    originate(network, C, '10.3.0.0/26', '10.2.0.0/26');
    network.advance(10_000);
    life.snapshot();
    expect([...network.node(A).speaker.locRib('ipv4-unicast')]).toHaveLength(4);
    expectSame(life);
    originate(network, B, '10.2.0.0/26', '10.9.0.0/26');
    network.advance(1_000);
    life.snapshot();
    expectSame(life);
  });

  test('keeps stale paths as long as they were kept, also where the snapshot is between', () => {
    const life = new Life();
    const { network } = life;
    originate(network, B, '10.2.0.0/26', '10.2.0.64/26');
    network.advance(10_000);
    network.kill(B);
    network.advance(10_000);
    life.snapshot();
    const stale = [...network.node(A).speaker.locRib('ipv4-unicast')].filter(({ best }) => best?.stale);
    expect(stale).toHaveLength(2);
    expectSame(life);
    network.advance(105_000);
    expectSame(life);
    network.advance(10_000);
    expect([...network.node(A).speaker.locRib('ipv4-unicast')]).toHaveLength(0);
    expectSame(life);
  });

  test('confirms stale paths of a peer that is back, and drops those it does not send again', () => {
    const life = new Life();
    const { network } = life;
    originate(network, B, '10.2.0.0/26', '10.2.0.64/26');
    network.advance(10_000);
    network.kill(B);
    network.advance(5_000);
    life.snapshot();
    network.restart(B, speaker(B, 1, [peer(A, 1)]), { restarting: true });
    originate(network, B, '10.2.0.0/26');
    network.advance(60_000);
    life.snapshot();
    const routes = () => [...network.node(A).speaker.locRib('ipv4-unicast')].map(({ best }) => best?.stale);
    expect(routes()).toEqual([false, true]);
    expectSame(life);
    // Without routes of its own A sends no End-of-RIB, so B waits for its deadline before it sends its own.
    network.advance(70_000);
    expect(routes()).toEqual([false]);
    expectSame(life);
  });

  test('follows a new configuration and the sessions it resets', () => {
    const life = new Life();
    const { network } = life;
    originate(network, B, '10.2.0.0/26');
    originate(network, C, '10.3.0.0/26');
    network.advance(10_000);
    life.snapshot();
    const importPolicy = [{ name: 'none', action: 'reject' as const }];
    const peers = life.config.peers.map((item) =>
      item.address === C ? { ...item, importPolicy } : { ...item, families: ['ipv4-unicast' as const] },
    );
    network.send(A, { kind: 'configure', config: { ...life.config, peers } });
    network.advance(30_000);
    life.config = { ...life.config, peers };
    life.snapshot();
    expect([...network.node(A).speaker.locRib('ipv4-unicast')]).toHaveLength(1);
    expectSame(life);
  });

  test.each<[string, (network: Network) => void, DownReason['kind']]>([
    ['the peer breaks off', (network) => network.disconnect(A, B), 'tcp-closed'],
    [
      'the peer says why',
      (network) => network.send(B, { kind: 'stop-peer', peer: address(A), reason: { subcode: 2 } }),
      'notification-received',
    ],
    ['the peer is silent for the hold time', (network) => network.freeze(B), 'notification-sent'],
    [
      'its owner resets it',
      (network) => network.send(A, { kind: 'reset-peer', peer: address(B), reason: { subcode: 4 } }),
      'notification-sent',
    ],
  ])('ends a session as it ended: %s', (_name, end, kind) => {
    const life = new Life();
    const { network } = life;
    originate(network, B, '10.2.0.0/26');
    network.advance(10_000);
    life.snapshot();
    end(network);
    network.advance(100_000);
    expect(life.told.map(({ heard }) => heard)).toContainEqual(
      expect.objectContaining({ kind: 'session-down', reason: expect.objectContaining({ kind }) }),
    );
    expectSame(life);
  });
});
