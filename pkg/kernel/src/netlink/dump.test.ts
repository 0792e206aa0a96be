import { describe, expect, it } from 'vitest';
import { KernelError } from '../errno.ts';
import { NLM_F, NLMSG, RTM } from './constants.ts';
import { dump, get } from './dump.ts';
import { encodeLinkDump } from './link.ts';
import { errorPayload, message, ScriptedTransport } from './scripted-transport.ts';

const ENODEV = 19;
const EPERM = 1;

const entry = (sequence: number, text: string, flags = 0) =>
  message(RTM.NEWLINK, NLM_F.MULTI | flags, sequence, Buffer.from(text));
const done = (sequence: number, flags = 0) =>
  message(NLMSG.DONE, NLM_F.MULTI | flags, sequence, errorPayload(0));
const counter = () => {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
};
const read = (transport: ScriptedTransport) =>
  dump(transport, counter(), encodeLinkDump, (payload) => payload.toString());

describe('a dump', () => {
  it('is complete with its NLMSG_DONE, over several datagrams', () => {
    const transport = new ScriptedTransport([
      Buffer.concat([entry(1, 'a'.repeat(4)), entry(1, 'bbbb')]),
      entry(1, 'cccc'),
      done(1),
    ]);
    expect(read(transport)).toEqual(['aaaa', 'bbbb', 'cccc']);
  });

  it.each([
    ['an entry', [entry(1, 'aaaa', NLM_F.DUMP_INTR), done(1)]],
    ['its end', [entry(1, 'aaaa'), done(1, NLM_F.DUMP_INTR)]],
  ])('is read again when %s says that the table changed (NLM_F_DUMP_INTR)', (_where, interrupted) => {
    const transport = new ScriptedTransport([...interrupted, entry(2, 'bbbb'), done(2)]);
    expect(read(transport)).toEqual(['bbbb']);
    expect(transport.sent).toHaveLength(2);
  });

  it('is given up with EINTR when the table never keeps still', () => {
    const always = Array.from({ length: 5 }, (_, index) => done(index + 1, NLM_F.DUMP_INTR));
    expect(() => read(new ScriptedTransport(always))).toThrow(expect.objectContaining({ code: 'EINTR' }));
  });

  it('throws the errno it ends in, as error or inside its NLMSG_DONE, rather than look empty', () => {
    for (const type of [NLMSG.ERROR, NLMSG.DONE]) {
      const transport = new ScriptedTransport([entry(1, 'aaaa'), message(type, 0, 1, errorPayload(EPERM))]);
      expect(() => read(transport)).toThrow(expect.objectContaining({ code: 'EPERM' }));
    }
  });

  it('throws when nothing can be received', () => {
    expect(() => read(new ScriptedTransport([{ errno: 'ENOBUFS' }]))).toThrow(KernelError);
  });

  it('does not mistake late answers to an earlier question for its own', () => {
    const transport = new ScriptedTransport([entry(99, 'late'), done(99), entry(1, 'aaaa'), done(1)]);
    expect(read(transport)).toEqual(['aaaa']);
  });
});

describe('reading one entry', () => {
  const ask = (answer: Buffer) =>
    get(
      new ScriptedTransport([message(RTM.NEWLINK, 0, 6, Buffer.from('late')), answer]),
      7,
      encodeLinkDump,
      (payload) => payload.toString(),
      ['ENODEV'],
    );

  it('gives the entry', () => {
    expect(ask(message(RTM.NEWLINK, 0, 7, Buffer.from('aaaa')))).toBe('aaaa');
  });

  it('gives nothing for the errno that says so, and throws any other', () => {
    expect(ask(message(NLMSG.ERROR, 0, 7, errorPayload(ENODEV)))).toBeUndefined();
    expect(() => ask(message(NLMSG.ERROR, 0, 7, errorPayload(EPERM)))).toThrow(
      expect.objectContaining({ code: 'EPERM' }),
    );
  });
});
