/**
 * etcd's messages as bytes, written down from its rpc.proto by the rules of protobuf. That etcd takes them for what they are
 * is shown by test/datastore.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRange, decodeTxn, encodeRange, encodeTxn } from './kv.ts';
import { decodeLease, decodeToken, encodeAuthenticate, encodeLeaseGrant, encodeLeaseId } from './lease.ts';
import { ProtobufError, ProtoReader } from './reader.ts';
import { decodeWatchResponse, encodeWatchCreate } from './watch.ts';
import { ProtoWriter } from './writer.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');
const bytes = (...parts: string[]): Buffer => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');

/** ResponseHeader { cluster_id 1, member_id 2, revision 300, raft_term 7 } as field 1. */
const HEADER = '0a 09 08 01 10 02 18 ac 02 20 07';
/** KeyValue { key "/a", create_revision 5, mod_revision 300, version 2, value "{}", lease 2^62 }. */
const KEY_VALUE = '0a 02 2f 61 10 05 18 ac 02 20 02 2a 02 7b 7d 30 80 80 80 80 80 80 80 80 40';

describe('requests', () => {
  it.each([
    ['a key', encodeRange({ key: '/a' }), '0a022f61'],
    [
      'a page of a range at a revision, keys only',
      encodeRange({ key: '/a/', rangeEnd: '/a0', limit: 500, revision: 300, keysOnly: true }),
      '0a032f612f 12032f6130 18f403 20ac02 4001',
    ],
    [
      'new keys of a range',
      encodeRange({ key: 'a', rangeEnd: 'b', minCreateRevision: 9 }),
      '0a0161 120162 6009',
    ],
    [
      'a create',
      encodeTxn({
        compare: [{ key: '/a', exists: false }],
        success: [{ kind: 'put', key: '/a', value: '{}' }],
        failure: [{ kind: 'range', key: '/a' }],
      }),
      '0a04 1a022f61  120a 1208 0a022f61 12027b7d  1a06 0a04 0a022f61',
    ],
    [
      'an update with a lease',
      encodeTxn({
        compare: [{ key: '/a', modRevision: 300 }],
        success: [{ kind: 'put', key: '/a', value: 'é', lease: 1n << 62n }],
        failure: [],
      }),
      '0a09 1002 1a022f61 30ac02  1214 1212 0a022f61 1202c3a9 18808080808080808040',
    ],
    [
      'a delete',
      encodeTxn({
        compare: [{ key: '/a', exists: true }],
        success: [{ kind: 'delete', key: '/a' }],
        failure: [],
      }),
      '0a06 0801 1a022f61  1208 1a06 0a022f61 1801',
    ],
    [
      'a watch',
      encodeWatchCreate({ key: 'a', rangeEnd: 'b', startRevision: 301 }),
      '0a0d 0a0161 120162 18ad02 2001 4001',
    ],
    ['a lease', encodeLeaseGrant(15), '080f'],
    ['a lease kept', encodeLeaseId((1n << 63n) - 1n), '08ffffffffffffffff7f'],
    ['a user', encodeAuthenticate('root', 'x'), '0a04726f6f74 120178'],
  ])('%s', (_, message, expected) => {
    expect(hex(message)).toBe(expected.replaceAll(' ', ''));
  });
});

describe('answers', () => {
  const kv = {
    key: Buffer.from('/a'),
    value: Buffer.from('{}'),
    createRevision: 5,
    modRevision: 300,
    lease: 1n << 62n,
  };

  it('a range, with a field that is not known here', () => {
    expect(decodeRange(bytes(HEADER, '12 19', KEY_VALUE, '18 01 20 02', 'a2 06 02 ff ff'))).toEqual({
      revision: 300,
      kvs: [kv],
      more: true,
    });
  });

  it('a transaction: a put, a range and a delete', () => {
    const put = '1a 02 12 00';
    const range = `1a 1d 0a 1b 12 19 ${KEY_VALUE}`;
    const removed = `1a 1d 1a 1b 1a 19 ${KEY_VALUE}`;
    expect(decodeTxn(bytes(HEADER, '10 01', put, range, removed))).toEqual({
      revision: 300,
      succeeded: true,
      responses: [[], [kv], [kv]],
    });
  });

  it('events of a watch', () => {
    const deleted = '5a 0b 08 01 12 07 0a 02 2f 61 18 ac 02';
    expect(decodeWatchResponse(bytes(HEADER, '38 01', `5a 1b 12 19 ${KEY_VALUE}`, deleted))).toMatchObject({
      revision: 300,
      fragment: true,
      events: [
        { kind: 'put', kv },
        { kind: 'delete', kv: { key: Buffer.from('/a'), modRevision: 300 } },
      ],
    });
  });

  it('a watch whose history is gone', () => {
    expect(decodeWatchResponse(bytes(HEADER, '20 01 28 ac 02 32 01 78'))).toMatchObject({
      canceled: true,
      compactRevision: 300,
      cancelReason: 'x',
    });
  });

  it('a lease and a token', () => {
    expect(decodeLease(bytes(HEADER, '10 7b 18 0f'))).toEqual({ id: 123n, ttlSeconds: 15 });
    expect(decodeToken(bytes(HEADER, '12 03 61 2e 31'))).toBe('a.1');
  });
});

describe('the reader', () => {
  it('gives back whatever the writer wrote', () => {
    const field = fc.integer({ min: 1, max: 2 ** 29 - 1 });
    const written = fc.array(
      fc.oneof(
        fc.record({ field, value: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }) }),
        fc.record({ field, value: fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }) }),
        fc.record({
          field,
          value: fc.uint8Array({ minLength: 1, maxLength: 400 }).map((some) => Buffer.from(some)),
        }),
      ),
    );
    fc.assert(
      fc.property(written, (fields) => {
        const writer = new ProtoWriter();
        for (const { field, value } of fields)
          typeof value === 'object' ? writer.bytes(field, value) : writer.varint(field, value);
        const reader = new ProtoReader(Buffer.from(writer.finish()));
        const read = fields.map(({ value }) => {
          reader.next();
          const { field } = reader;
          if (typeof value === 'number') return { field, value: reader.number() };
          return { field, value: typeof value === 'bigint' ? reader.bigint() : reader.bytes() };
        });
        expect(read).toEqual(fields);
        expect(reader.next()).toBe(false);
      }),
    );
  });

  it('refuses broken bytes with a ProtobufError, and never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (some) => {
        for (const decode of [decodeRange, decodeTxn, decodeWatchResponse, decodeLease, decodeToken]) {
          try {
            decode(Buffer.from(some));
          } catch (error) {
            expect(error).toBeInstanceOf(ProtobufError);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a field cut short', '0a 05 61'],
    ['a length of which nothing follows', '0a'],
    ['field number 0', '02 00'],
    ['a wire type that does not exist', '0f 00'],
    ['a varint without end', '08 ff ff ff ff ff ff ff ff ff ff ff'],
  ])('refuses %s', (_, broken) => {
    const reader = new ProtoReader(bytes(broken));
    const readAll = () => {
      while (reader.next());
    };
    const readFirst = () => {
      const first = new ProtoReader(bytes(broken));
      first.next();
      return broken.startsWith('08') ? first.number() : first.bytes();
    };
    expect(() => [readFirst(), readAll()]).toThrow(ProtobufError);
  });
});
