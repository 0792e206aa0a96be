import { describe, expect, it } from 'vitest';
import type { NetlinkChange } from './change.ts';
import { NLM_F, NLMSG } from './constants.ts';
import { readMessages } from './message-reader.ts';
import { errorPayload, message, ScriptedTransport } from './scripted-transport.ts';
import { transact } from './transaction.ts';

const EEXIST = 17;
const changes = (count: number): NetlinkChange[] =>
  Array.from({ length: count }, (_, index) => ({ op: 'delete-link', index: index + 1 }));
const answer = (sequence: number, errno: number) => message(NLMSG.ERROR, 0, sequence, errorPayload(errno));
/** What the kernel answers when all goes well: one acknowledgement, of the last message. */
const acknowledge = (sent: Buffer): Buffer => answer([...readMessages(sent)].at(-1)?.sequence ?? 0, 0);

describe('a transaction', () => {
  it('asks only for the acknowledgement of the last message', () => {
    const transport = new ScriptedTransport([acknowledge]);
    expect(transact(transport, changes(3), 10)).toEqual([null, null, null]);
    const sent = transport.sent.flatMap((datagram) => [...readMessages(datagram)]);
    expect(sent.map(({ sequence }) => sequence)).toEqual([10, 11, 12]);
    expect(sent.map(({ flags }) => (flags & NLM_F.ACK) !== 0)).toEqual([false, false, true]);
  });

  it('assigns each error to its change by sequence number, several to a datagram', () => {
    const transport = new ScriptedTransport([
      Buffer.concat([answer(10, EEXIST), answer(12, EEXIST)]),
      answer(13, 0),
    ]);
    const exists = { errno: 'EEXIST' };
    expect(transact(transport, changes(4), 10)).toEqual([exists, null, exists, null]);
  });

  it('is complete with an error of the last message', () => {
    expect(transact(new ScriptedTransport([answer(11, EEXIST)]), changes(2), 10)).toEqual([
      null,
      { errno: 'EEXIST' },
    ]);
  });

  it('cuts many changes into datagrams, each of which is answered', () => {
    const transport = new ScriptedTransport(Array.from({ length: 4 }, () => acknowledge));
    expect(transact(transport, changes(1000), 1)).toEqual(changes(1000).map(() => null));
    expect(transport.sent.map((datagram) => [...readMessages(datagram)].length)).toEqual([
      256, 256, 256, 232,
    ]);
  });

  it('ignores late answers to what was asked before', () => {
    const transport = new ScriptedTransport([
      Buffer.concat([answer(9, EEXIST), answer(12, EEXIST)]),
      answer(11, 0),
    ]);
    expect(transact(transport, changes(2), 10)).toEqual([null, null]);
  });

  it('claims success for no change whose answer may have been lost', () => {
    const transport = new ScriptedTransport([answer(10, EEXIST), { errno: 'ENOBUFS' }]);
    const lost = { errno: 'ENOBUFS', message: "the kernel's answer was lost" };
    expect(transact(transport, changes(3), 10)).toEqual([{ errno: 'EEXIST' }, lost, lost]);
  });
});
