/** Targets of BFD: the control packet, and a session that hears packets of all kinds. */

import { decodeControlPacket, encodeControlPacket } from '../../../src/bfd/control-packet.ts';
import { DrivenSession, fromPeer, OURS } from '../../../src/bfd/test/driven-session.ts';
import { digest } from '../digest.ts';
import { check, decoderTarget, type Target } from '../target.ts';
import { Script } from './script.ts';

const PACKETS = [
  fromPeer('Down'),
  fromPeer('Init', { poll: true }),
  fromPeer('Up', { final: true }),
  fromPeer('AdminDown', { demand: true }),
].map(encodeControlPacket);

const packet = decoderTarget({
  name: 'bfd-packet',
  covers: ['bfd/control-packet.ts'],
  maxBytes: 60,
  seeds: () => PACKETS,
  decode: decodeControlPacket,
  also(input) {
    const decoded = decodeControlPacket(input, 0, input.length);
    if (!decoded.ok) return;
    const bytes = encodeControlPacket(decoded.value);
    check(
      digest(decodeControlPacket(bytes, 0, bytes.length)).hash === digest(decoded).hash,
      'another packet',
    );
  },
});

const WAITS_MS = [0, 1, 40, 100, 300, 1_000, 10_000];
/** Intervals are 100 ms with a quarter of jitter at the least. */
const MAX_PACKETS_PER_MS = 1 / 70;

/** Steps: a packet of 24 octets, one with few changes to a good one, time that passes. */
function runSession(input: Uint8Array): void {
  const script = new Script(input);
  const driven = new DrivenSession();
  while (!script.isOver) {
    const what = script.octet();
    if (what % 3 === 0) wait(driven, script.choose(WAITS_MS));
    else hear(driven, what % 3 === 1 ? script.octets(24) : changed(script));
    check(driven.session.nextDeadline >= 0, 'a deadline is no number');
  }
  for (const sent of driven.sent) {
    const bytes = encodeControlPacket(sent);
    check(decodeControlPacket(bytes, 0, bytes.length).ok, 'a packet we send is one to be discarded');
  }
}

function wait(driven: DrivenSession, milliseconds: number): void {
  const sent = driven.advance(milliseconds).length;
  check(sent <= 3 + milliseconds * MAX_PACKETS_PER_MS, `${sent} packets in ${milliseconds} ms`);
}

function hear(driven: DrivenSession, bytes: Uint8Array): void {
  const decoded = decodeControlPacket(bytes, 0, bytes.length);
  if (!decoded.ok || (decoded.value.yourDiscriminator !== 0 && decoded.value.yourDiscriminator !== OURS))
    return;
  driven.session.receive(decoded.value, driven.now);
}

function changed(script: Script): Uint8Array {
  const bytes = script.choose(PACKETS).slice();
  bytes[script.octet() % bytes.length] = script.octet();
  return bytes;
}

const session: Target = {
  name: 'bfd-session',
  covers: ['bfd/session.ts', 'bfd/timing.ts'],
  maxBytes: 300,
  share: 0.5,
  seeds: () => [new Uint8Array([2, 0, 1, 0, 3, 5, 2, 1, 0, 0, 0, 4, 2, 2, 0, 0])],
  maxSteps: (length) => 10_000 + 5_000 * length,
  maxAllocatedBytes: (length) => 10_000 + 4_000 * length,
  run: runSession,
};

/** Targets of BFD. */
export const BFD_TARGETS: readonly Target[] = [packet, session];
