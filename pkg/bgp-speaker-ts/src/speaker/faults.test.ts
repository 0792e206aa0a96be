import { address } from '@weft/ip';
import { beforeEach, describe, expect, test } from 'vitest';
import { MAX_PATHS_OF_PREFIX } from '../rib/rib.ts';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import type { Capability } from '../wire/capability/capability.ts';
import { encodeOpen } from '../wire/message/01-open.ts';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { frameMessage } from '../wire/message/header.ts';
import { UpdatePacker } from '../wire/update-packer.ts';
import type { PeerConfig } from './config.ts';
import type { SpeakerAction } from './events.ts';
import { Speaker } from './speaker.ts';
import { peer, speaker } from './test/network.ts';

const PEER = address('10.0.0.2');
const ASN = 64513;

/** A speaker with one established external peer, whose bytes the test writes. */
class Bench {
  readonly speaker: Speaker;
  readonly actions: SpeakerAction[] = [];

  constructor(more: Partial<PeerConfig> = {}, capabilities: readonly Capability[] = []) {
    const config = speaker('10.0.0.1', 64512, [peer(PEER, ASN, { passive: true, ...more })]);
    this.speaker = new Speaker(config, { restarting: false, seed: 1, now: 0, reportRoutes: true });
    this.connect(2, capabilities);
  }

  connect(connection: number, capabilities: readonly Capability[] = []): void {
    this.speaker.handle({ kind: 'accepted', peer: PEER, connection }, 0);
    const open = encodeOpen({
      version: 4,
      asn: ASN,
      holdTimeSeconds: 90,
      identifier: 0x0a000002,
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'four-octet-as', asn: ASN },
        ...capabilities,
      ],
    });
    this.receive(open, connection);
    this.receive(encodeKeepalive(), connection);
    this.flush();
  }

  receive(bytes: Uint8Array, connection = 2): void {
    this.speaker.handle({ kind: 'received', peer: PEER, connection, bytes }, 0);
  }

  /** Announces prefixes 20.0.N.0/24. */
  announce(numbers: readonly number[], attributes: PathAttributes = {}): void {
    const packer = new UpdatePacker(4096);
    const asPath = [{ kind: 'sequence' as const, asns: [ASN] }];
    const block = encodeAttributes({ origin: 0, asPath, ...attributes }, { fourOctetAsn: true });
    packer.beginReach('ipv4-unicast', block, new Uint8Array([10, 0, 0, 2]), false);
    for (const number of numbers) packer.addIpv4((0x14000000 + number * 256) >>> 0, 24, 0);
    packer.end();
    this.receive(packer.take());
  }

  /** Announces paths of 20.0.0.0/24 under the identifiers from `first` on. */
  announcePaths(first: number, count: number): void {
    const packer = new UpdatePacker(4096);
    const asPath = [{ kind: 'sequence' as const, asns: [ASN] }];
    const block = encodeAttributes({ origin: 0, asPath }, { fourOctetAsn: true });
    packer.beginReach('ipv4-unicast', block, new Uint8Array([10, 0, 0, 2]), true);
    for (let pathId = first; pathId < first + count; pathId += 1) packer.addIpv4(0x14000000, 24, pathId);
    packer.end();
    this.receive(packer.take());
  }

  flush(): void {
    this.speaker.handle({ kind: 'flush' }, 0);
    this.actions.push(...this.speaker.takeActions());
  }

  told<K extends SpeakerAction['kind']>(kind: K): Extract<SpeakerAction, { kind: K }>[] {
    return this.actions.filter(
      (action): action is Extract<SpeakerAction, { kind: K }> => action.kind === kind,
    );
  }

  get routes(): number {
    return [...this.speaker.locRib('ipv4-unicast')].length;
  }

  get state(): string | undefined {
    return this.speaker.status()[0]?.state;
  }

  /** Code and subcode of the last NOTIFICATION sent. */
  get notification(): string | undefined {
    const bytes = this.told('send')
      .map((action) => action.bytes)
      .findLast((sent) => sent[18] === 3);
    return bytes === undefined ? undefined : `${bytes[19]}/${bytes[20]}`;
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('faulty UPDATEs (RFC 7606)', () => {
  test('treat-as-withdraw: an UPDATE without ORIGIN takes its prefixes away, and the session stays', () => {
    bench.announce([1, 2, 3]);
    bench.flush();
    bench.announce([2], { origin: undefined });
    bench.flush();
    expect([bench.routes, bench.state]).toEqual([2, 'Established']);
    expect(bench.told('update-fault')).toMatchObject([
      { treatment: 'treat-as-withdraw', faults: [{ code: 1, fault: 'missing' }] },
    ]);
  });

  test('attribute-discard: LOCAL_PREF of an external peer is ignored, and reported once', () => {
    bench.announce([1], { localPref: 900 });
    bench.announce([2], { localPref: 900 });
    bench.flush();
    const [route] = bench.speaker.locRib('ipv4-unicast');
    expect([bench.routes, route?.best?.localPref]).toEqual([2, 100]);
    expect(bench.told('update-fault')).toMatchObject([{ treatment: 'attribute-discard' }]);
  });

  test('session-reset: a prefix that cannot be read ends the session with 3/10, and nothing of the UPDATE is used', () => {
    bench.announce([1]);
    bench.flush();
    // Withdrawn routes: 20.0.1.0/24, then a length of 33.
    bench.receive(frameMessage(2, new Uint8Array([0, 5, 24, 20, 0, 1, 33, 0, 0])));
    bench.flush();
    expect([bench.notification, bench.state !== 'Established']).toEqual(['3/10', true]);
    expect(bench.routes).toBe(0);
  });

  test('what follows a fatal UPDATE in the same read is not used', () => {
    const fatal = frameMessage(2, new Uint8Array([0, 1, 33, 0, 0]));
    const packer = new UpdatePacker(4096);
    packer.beginReach(
      'ipv4-unicast',
      encodeAttributes({ origin: 0, asPath: [] }, { fourOctetAsn: true }),
      new Uint8Array([10, 0, 0, 2]),
      false,
    );
    packer.addIpv4(0x14000000, 24, 0);
    packer.end();
    bench.receive(Uint8Array.from([...fatal, ...packer.take()]));
    bench.flush();
    expect(bench.told('loc-rib-changed')).toEqual([]);
    expect(bench.told('peer-down').length).toBe(1);
  });

  test('not even when the peer itself has ended the session in that read', () => {
    const fatal = frameMessage(2, new Uint8Array([0, 1, 33, 0, 0]));
    const nothing = frameMessage(2, new Uint8Array([0, 4, 24, 20, 0, 1, 0, 0]));
    const cease = frameMessage(3, new Uint8Array([6, 2]));
    bench.receive(Uint8Array.from([...fatal, ...nothing, ...cease]));
    expect(bench.speaker.status()[0]?.updatesReceived).toBe(1);
  });

  test('a well-known attribute nobody knows ends the session with 3/2', () => {
    // Flags 0x40, code 99, empty; then one prefix.
    bench.receive(frameMessage(2, new Uint8Array([0, 0, 0, 3, 0x40, 99, 0, 24, 20, 0, 1])));
    bench.flush();
    expect(bench.notification).toBe('3/2');
  });

  test('routes of a family that was not agreed on are ignored (RFC 4760 §7)', () => {
    const packer = new UpdatePacker(4096);
    packer.beginReach(
      'ipv6-unicast',
      encodeAttributes({ origin: 0, asPath: [] }, { fourOctetAsn: true }),
      new Uint8Array(16).fill(1),
      false,
    );
    packer.addIpv6(0x20010db8, 0, 0, 0, 64, 0);
    packer.end();
    bench.receive(packer.take());
    bench.flush();
    expect([bench.state, [...bench.speaker.locRib('ipv6-unicast')].length]).toEqual(['Established', 0]);
  });

  test('a withdrawal of what was never announced is no fault', () => {
    bench.receive(frameMessage(2, new Uint8Array([0, 4, 24, 20, 0, 1, 0, 0])));
    bench.flush();
    expect([bench.state, bench.told('update-fault')]).toEqual(['Established', []]);
  });

  test('an announcement replaces the one before (RFC 4271 §3.1 implicit withdraw)', () => {
    bench.announce([1], { med: 1 });
    bench.announce([1], { med: 2 });
    bench.flush();
    const [route] = bench.speaker.locRib('ipv4-unicast');
    expect([bench.routes, route?.best?.med]).toEqual([1, 2]);
  });

  test('one UPDATE may announce with NEXT_HOP and with MP_REACH_NLRI: each prefix has its own next hop', () => {
    const own = encodeAttributes(
      { origin: 0, asPath: [{ kind: 'sequence', asns: [ASN] }], nextHop: 0x0a000002 },
      { fourOctetAsn: true },
    );
    const reach = Uint8Array.from([0x80, 14, 13, 0, 1, 1, 4, 10, 0, 0, 3, 0, 24, 21, 0, 1]);
    const attributes = Uint8Array.from([...own, ...reach]);
    bench.receive(
      frameMessage(2, Uint8Array.from([0, 0, 0, attributes.length, ...attributes, 24, 20, 0, 1])),
    );
    bench.flush();
    const hops = [...bench.speaker.locRib('ipv4-unicast')].map(
      ({ prefix, best }) => `${prefix} ${best?.nextHops[0]?.address}`,
    );
    expect(hops.sort()).toEqual(['20.0.1.0/24 10.0.0.2', '21.0.1.0/24 10.0.0.3']);
  });
});

describe('prefix limit (RFC 4486 §4)', () => {
  const numbers = [1, 2, 3];

  test('warn: reports once per passing, and goes on', () => {
    bench = new Bench({ maxPrefix: { prefixes: 2, action: 'warn' } });
    bench.announce(numbers);
    bench.announce([4]);
    bench.flush();
    expect([bench.routes, bench.state]).toEqual([4, 'Established']);
    expect(bench.told('prefix-limit')).toEqual([
      { kind: 'prefix-limit', peer: PEER, family: 'ipv4-unicast', prefixes: 3, limit: 2 },
    ]);
  });

  test('stop: Cease/1 with family and limit, and the peer stays down', () => {
    bench = new Bench({ maxPrefix: { prefixes: 2, action: 'stop' } });
    bench.announce(numbers);
    bench.flush();
    const cease = bench.told('send').at(-1)?.bytes;
    expect([...(cease?.subarray(19) ?? [])]).toEqual([6, 1, 0, 1, 1, 0, 0, 0, 2]);
    expect([bench.routes, bench.state]).toEqual([0, 'Idle']);
    expect(bench.speaker.status()[0]?.lastError).toMatch(
      /^sent Cease \/ Maximum Number of Prefixes Reached .*; more than 2 prefixes of ipv4-unicast, it stays down$/,
    );
    bench.speaker.handle({ kind: 'tick' }, 10_000_000);
    expect(bench.state).toBe('Idle');
  });

  test('restart: comes back after the time configured', () => {
    bench = new Bench({ maxPrefix: { prefixes: 2, action: 'restart', restartSeconds: 30 } });
    bench.announce(numbers);
    bench.flush();
    bench.speaker.handle({ kind: 'tick' }, 29_000);
    expect(bench.state).toBe('Idle');
    expect(bench.speaker.status()[0]?.lastError).toMatch(
      /; more than 2 prefixes of ipv4-unicast, again in 30 s$/,
    );
    bench.speaker.handle({ kind: 'tick' }, 31_000);
    expect(bench.state).toBe('Active');
  });

  test('up to the limit nothing happens', () => {
    bench = new Bench({ maxPrefix: { prefixes: 3, action: 'stop' } });
    bench.announce(numbers);
    bench.announce(numbers, { med: 1 });
    bench.flush();
    expect([bench.routes, bench.told('prefix-limit')]).toEqual([3, []]);
  });
});

describe('paths of one prefix under ADD-PATH', () => {
  const addPath: Capability = {
    kind: 'add-path',
    families: [{ afi: 1, safi: 1, receive: false, send: true }],
  };
  const withAddPath = (): Bench => new Bench({ addPath: 'receive' }, [addPath]);

  test('as many as may be are kept', () => {
    bench = withAddPath();
    for (let first = 0; first < MAX_PATHS_OF_PREFIX; first += 128) bench.announcePaths(first, 128);
    bench.announcePaths(0, 128);
    bench.flush();
    expect([bench.routes, bench.state]).toEqual([1, 'Established']);
  });

  test('one more ends the session with Cease/8', () => {
    bench = withAddPath();
    for (let first = 0; first < MAX_PATHS_OF_PREFIX; first += 128) bench.announcePaths(first, 128);
    bench.announcePaths(MAX_PATHS_OF_PREFIX, 1);
    bench.flush();
    expect([bench.notification, bench.routes, bench.state]).toEqual(['6/8', 0, 'Idle']);
  });
});

describe('strangers', () => {
  test('a connection from somebody who is no peer is closed', () => {
    bench.speaker.handle({ kind: 'accepted', peer: address('10.9.9.9'), connection: 2 }, 0);
    expect(bench.speaker.takeActions()).toEqual([{ kind: 'close', peer: '10.9.9.9', connection: 2 }]);
  });

  test('news about a peer that is gone is ignored', () => {
    bench.speaker.handle(
      { kind: 'received', peer: address('10.9.9.9'), connection: 2, bytes: new Uint8Array(19) },
      0,
    );
    bench.speaker.handle({ kind: 'closed', peer: address('10.9.9.9'), connection: 2 }, 0);
    expect(bench.speaker.takeActions()).toEqual([]);
  });

  test('garbage ends the session of its sender with 1/1', () => {
    bench.receive(new Uint8Array(64).fill(7));
    bench.flush();
    expect(bench.notification).toBe('1/1');
  });
});
