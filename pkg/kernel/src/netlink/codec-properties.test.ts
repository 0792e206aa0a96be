import { address, addressFromBytes, type Family, prefixFromBytes } from '@weft/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NextHop, Route, RouteType } from '../kernel.ts';
import { normalizeRoute } from '../route.ts';
import { NLMSG, routeTypeNumbers } from './constants.ts';
import { decodeEvents } from './event.ts';
import { readAnswer, readMessages } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';
import { decodeNeighbour } from './neighbour.ts';
import { decodeRoute, encodeAddRoute } from './route.ts';

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const ipBytes = (family: Family) =>
  fc.uint8Array({ minLength: family === 4 ? 4 : 16, maxLength: family === 4 ? 4 : 16 });

const nextHop = (family: Family): fc.Arbitrary<NextHop> =>
  fc.record(
    {
      gateway: fc.oneof(ipBytes(family), ipBytes(6)).map(addressFromBytes),
      interfaceIndex: fc.integer({ min: 1, max: 0x7fffffff }),
      onlink: fc.constant(true),
    },
    { requiredKeys: ['interfaceIndex'] },
  );

const route: fc.Arbitrary<Route> = fc.constantFrom<Family>(4, 6).chain((family) =>
  fc.record(
    {
      table: fc.integer({ min: 1, max: 0xffffffff }),
      destination: fc
        .tuple(ipBytes(family), fc.integer({ min: 0, max: family === 4 ? 32 : 128 }))
        .map(([bytes, length]) => prefixFromBytes(bytes, length)),
      metric: uint32,
      type: fc.constantFrom(...(Object.keys(routeTypeNumbers) as RouteType[])),
      protocol: fc.integer({ min: 1, max: 255 }),
      scope: fc.constantFrom('global', 'link', 'host'),
      nextHops: fc.array(nextHop(family), { minLength: 1, maxLength: 5 }),
      preferredSource: ipBytes(family).map(addressFromBytes),
    },
    {
      requiredKeys: ['table', 'destination', 'metric', 'type', 'protocol', 'scope', 'nextHops'],
    },
  ),
);

describe('the codec', () => {
  it('reads back every route it writes, in the spelling of the kernel', () => {
    fc.assert(
      fc.property(route, (value) => {
        const writer = new MessageWriter(Buffer.alloc(4096, 0xaa));
        encodeAddRoute(writer, 7, value);
        const [message, ...rest] = readMessages(writer.written);
        expect(rest).toEqual([]);
        expect(message?.sequence).toBe(7);
        expect(message && decodeRoute(message.payload)).toEqual(normalizeRoute(value));
      }),
    );
  });

  it('reads any bytes without throwing, and never past their end', () => {
    const header = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 200 }));
    const framed = header.map(([type, body]) => {
      const datagram = Buffer.concat([Buffer.alloc(16), body]);
      datagram.writeUInt32LE(datagram.length, 0);
      datagram.writeUInt16LE(type, 4);
      return datagram;
    });
    const raw = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(framed, raw), (datagram) => {
        decodeEvents(datagram);
        for (const message of readMessages(datagram)) {
          readAnswer(message);
          readAnswer({ ...message, type: NLMSG.DONE });
          decodeNeighbour(message.payload);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('throws on a message that does not fit, and on a MAC address that is none', () => {
    const gateways = Array.from({ length: 100 }, () => ({ gateway: address('fd00::1'), interfaceIndex: 1 }));
    const value: Route = {
      table: 254,
      destination: prefixFromBytes(new Uint8Array(16), 0),
      metric: 1,
      type: 'unicast',
      protocol: 119,
      scope: 'global',
      nextHops: gateways,
    };
    expect(() => encodeAddRoute(new MessageWriter(Buffer.alloc(1024)), 1, value)).toThrow(RangeError);
  });
});
