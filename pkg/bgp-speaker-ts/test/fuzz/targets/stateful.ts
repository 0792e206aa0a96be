/**
 * Targets whose input is a script: a session machine alone, and a whole speaker with several peers.
 */

import { address, prefix } from '@weft/ip';
import type { SpeakerEvent } from '../../../src/speaker/events.ts';
import { digest } from '../digest.ts';
import type { Target } from '../target.ts';
import { buildOpen, readMessage, Script } from './script.ts';
import { SessionWorld } from './session-world.ts';
import { configOf, HOSTILE_PEERS, type HostilePeer, SpeakerWorld } from './speaker-world.ts';

const MAX_BYTES = 300;
const WAITS_MS = [0, 1, 200, 1_000, 5_000, 31_000, 61_000];
/** One run in so many is replayed; chosen by the input, so that the same input always is or is not. */
const REPLAY_EACH = 8;

type SpeakerStep = (world: SpeakerWorld, script: Script, peer: HostilePeer) => void;

const SPEAKER_STEPS: readonly SpeakerStep[] = [
  establish,
  (world, _script, { address: from }) => world.accept(from),
  (world, script, { address: to }) => world.endDial(to, (script.octet() & 1) === 0),
  send,
  send,
  send,
  sendInPieces,
  (world, _script, { address: from }) => world.close(from),
  (world, script) => world.advance(script.choose(WAITS_MS)),
  (world, script, { address: from }) => world.noteUnread(from, script.choose([0, 1 << 17, 1 << 21])),
  (world) => world.handle({ kind: 'flush' }),
  (world, script, peer) => world.handle(readCommand(script, peer)),
];

/** Whatever kept the peer in Idle is over; then it connects and says that it is there. */
function establish(world: SpeakerWorld, script: Script, peer: HostilePeer): void {
  world.advance(61_000);
  world.accept(peer.address);
  world.receive(peer.address, buildOpen(peer, script.octet()));
  world.receive(peer.address, KEEPALIVE);
}

const KEEPALIVE = new Uint8Array([...new Array(16).fill(0xff), 0, 19, 4]);

function send(world: SpeakerWorld, script: Script, peer: HostilePeer): void {
  world.receive(peer.address, readMessage(script, peer));
}

function sendInPieces(world: SpeakerWorld, script: Script, peer: HostilePeer): void {
  const bytes = readMessage(script, peer);
  const at = script.octet() % (bytes.length + 1);
  world.receive(peer.address, bytes.slice(0, at));
  world.receive(peer.address, bytes.slice(at));
}

const reason = { subcode: 2, communication: 'fuzz' };

function readCommand(script: Script, { address: peer }: HostilePeer): SpeakerEvent {
  const commands: readonly (() => SpeakerEvent)[] = [
    () => ({ kind: 'start-peer', peer }),
    () => ({ kind: 'start-peer', peer }),
    () => ({ kind: 'stop-peer', peer, reason }),
    () => ({ kind: 'reset-peer', peer, reason }),
    () => ({ kind: 'refresh-peer', peer, direction: script.choose(['in', 'out'] as const) }),
    () => ({ kind: 'set-local-routes', routes: readLocalRoutes(script) }),
    () => ({ kind: 'set-next-hops', nextHops: readNextHops(script) }),
    () => ({ kind: 'configure', config: readConfig(script) }),
  ];
  return script.choose(commands)();
}

function readLocalRoutes(script: Script): Extract<SpeakerEvent, { kind: 'set-local-routes' }>['routes'] {
  const bits = script.octet();
  return ['20.0.1.0/24', '20.0.9.0/24', '2001:db8:1::/48', '2001:db8:9::/64']
    .filter((_text, index) => (bits & (1 << index)) !== 0)
    .map((text) => ({ prefix: prefix(text) }));
}

function readNextHops(script: Script): Extract<SpeakerEvent, { kind: 'set-next-hops' }>['nextHops'] {
  const reachable = (script.octet() & 1) === 0;
  const metric = script.octet();
  return [{ address: address(script.choose(['10.0.0.7', '10.0.0.8', '2001:db8::7'])), reachable, metric }];
}

function readConfig(script: Script): ReturnType<typeof configOf> {
  const configs = [
    () => configOf(),
    () => configOf({ nextHop: 'self' }),
    () => configOf({ families: ['ipv4-unicast'] }),
    () => configOf({ exportPolicy: [{ name: 'none', action: 'reject' }] }),
    () => configOf({ importPolicy: [{ name: 'none', action: 'reject' }] }),
    () => configOf({ addPath: 'both', routeReflectorClient: true }),
    () => configOf({}, 1),
  ];
  return script.choose(configs)();
}

/** The first octet says whether the speaker has restarted; then steps of a kind, a peer and what they need. */
function runSpeaker(input: Uint8Array): void {
  const script = new Script(input);
  const world = new SpeakerWorld((script.octet() & 1) === 1);
  while (!script.isOver) {
    const step = script.choose(SPEAKER_STEPS);
    step(world, script, script.choose(HOSTILE_PEERS));
  }
  world.settle();
  world.checkAtRest();
  if (digest(input).hash % REPLAY_EACH === 0) world.checkReplay();
  world.checkEmptied();
}

/** The first octet chooses a configuration; then steps of a kind and what they need. */
function runSession(input: Uint8Array): void {
  const script = new Script(input);
  const world = new SessionWorld(script.octet());
  while (!script.isOver) world.take(script);
  world.end();
}

const speakerTarget: Target = {
  name: 'speaker',
  covers: ['speaker/', 'rib/', 'policy/'],
  maxBytes: MAX_BYTES,
  share: 0.1,
  seeds: () => SPEAKER_SEEDS.map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
  maxSteps: () => 5_000_000,
  maxAllocatedBytes: () => 64 * 1024 * 1024,
  run: runSpeaker,
};

const sessionTarget: Target = {
  name: 'session',
  covers: ['fsm/'],
  maxBytes: MAX_BYTES,
  share: 0.5,
  seeds: () => SESSION_SEEDS.map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
  maxSteps: (length) => 30_000 + 2_000 * length,
  maxAllocatedBytes: (length) => 100_000 + 20_000 * length,
  run: runSession,
};

/** All three peers up and announcing the same prefixes; refreshes, withdrawals, a restart. */
const SPEAKER_SEEDS: readonly string[] = [
  '00' + '000020' + '000100' + '000200' + '03000200000201ff' + '03010200000001ff' + '0a00' + '0301050003',
  '00' + '0b000505ff' + '000030' + '000120' + '030104000000ff' + '0a00' + '0301060000' + '0700' + '080005',
  '01' + '000060' + '030008' + '0300080001' + '000170' + '03010300000003ff' + '080006' + '0a00',
];

const SESSION_SEEDS: readonly string[] = [
  '00010300030106',
  '000005000300000301',
  '01010300600301080103080703',
];

/** Targets that are scripts. */
export const STATEFUL_TARGETS: readonly Target[] = [sessionTarget, speakerTarget];
