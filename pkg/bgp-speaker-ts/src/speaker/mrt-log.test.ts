import { address, prefix } from '@weft/ip';
import { expect, test } from 'vitest';
import type { ReadRecord } from '../mrt/test/read-mrt.ts';
import { readRecords } from '../mrt/test/read-mrt.ts';
import { Network, originate, peer, speaker } from './test/network.ts';

const [A, B] = ['10.0.0.1', '10.0.0.2'];

/** Subtype and the end of each record, where the message or the states stand. */
function describeRecords(records: readonly Uint8Array[]): string[] {
  return readRecords(Buffer.concat(records)).map(describeRecord);
}

function describeRecord({ subtype, body }: ReadRecord): string {
  if (subtype === 5) return `state ${body.readUInt16BE(24)} ${body.readUInt16BE(26)}`;
  return `message ${subtype} ${body.toString('hex', 24 + 19)}`;
}

test('a log has the UPDATEs of peers as they came, and every change of state', () => {
  const network = new Network();
  const records: Uint8Array[] = [];
  network.add(speaker(A, 64512, [peer(B, 64513, { passive: true, families: ['ipv4-unicast'] })]));
  const stop = network
    .node(A)
    .speaker.logMrt({ write: (record) => records.push(record), unixMs: () => 5000 });
  network.add(speaker(B, 64513, [peer(A, 64512, { families: ['ipv4-unicast'] })]));
  originate(network, B, '10.1.0.0/16');
  originate(network, A);
  network.advance(100);
  expect(describeRecords(records)).toEqual([
    'state 3 4',
    'state 4 5',
    'state 5 6',
    'message 4 000000144001010040020602010000fc014003040a000002100a01',
    'message 4 00000000',
  ]);
  stop();
  network.send(A, { kind: 'stop-peer', peer: address(B), reason: { subcode: 2 } });
  network.advance(100);
  expect(records).toHaveLength(5);
});

test('RFC 8050 §3: messages of a session with path identifiers have a subtype of their own', () => {
  const network = new Network();
  const records: Uint8Array[] = [];
  network.add(speaker(A, 64512, [peer(B, 64512, { passive: true, addPath: 'receive' })]));
  network.node(A).speaker.logMrt({ write: (record) => records.push(record), unixMs: () => 5000 });
  network.add(
    speaker(B, 64512, [
      peer(A, 64512, { addPath: 'send', nextHopAddresses: { ipv6: address('2001:db8::2') } }),
    ]),
  );
  network.send(B, {
    kind: 'set-local-routes',
    routes: [{ prefix: prefix('10.1.0.0/16') }, { prefix: prefix('2001:db8::/32') }],
  });
  network.advance(100);
  const subtypes = readRecords(Buffer.concat(records)).map(({ subtype }) => subtype);
  expect(subtypes.filter((subtype) => subtype !== 5)).toEqual([9, 9, 9, 9]);
});
