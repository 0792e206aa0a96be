/**
 * Bytes as iproute2 6.1.0 sends them and as Linux 6.18 answers, and what they mean.
 *
 * Requests: `strace -e trace=sendmsg -e write=all ip …`. Routes and addresses: `ip route save | xxd -p`, `ip addr save`,
 * without the four bytes in front. Refusals: the answer to
 * `ip route add 10.9.0.0/26 via 192.0.2.1`, and to the same from `NetlinkSocket`. The link: `strace -e trace=recvmsg -e read=all ip link show`.
 */
import { readFileSync } from 'node:fs';
import { address, prefix } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import type { Change, Route } from '../kernel.ts';
import { decodeAddress } from './address.ts';
import { encodeChange, type NetlinkChange } from './change.ts';
import { NLM_F } from './constants.ts';
import { decodeLink } from './link.ts';
import { type Message, readAnswer, readMessages } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';
import { decodeRoute } from './route.ts';

const route = (destination: string, rest: Partial<Route>): Route => ({
  table: 254,
  destination: prefix(destination),
  metric: 0,
  type: 'unicast',
  protocol: 119,
  scope: 'global',
  nextHops: [],
  ...rest,
});
const via = (gateway: string) => ({ gateway: address(gateway), interfaceIndex: 3 });

describe('requests as iproute2 sends them', () => {
  const cases: [string, Change, string][] = [
    [
      'route add 10.1.0.0/26 via 10.0.0.2 dev veth0 proto 119 metric 32',
      { op: 'add-route', route: route('10.1.0.0/26', { metric: 32, nextHops: [via('10.0.0.2')] }) },
      `3c000000 18000506 366a016b 00000000 021a0000 fe770001 00000000 08000100 0a010000 08000500 0a000002 08000600
       20000000 08000400 03000000`,
    ],
    [
      'route add 10.2.0.0/26 proto 119 nexthop via 10.0.0.2 dev veth0 nexthop via 10.0.0.3 dev veth0 onlink',
      {
        op: 'add-route',
        route: route('10.2.0.0/26', { nextHops: [via('10.0.0.2'), { ...via('10.0.0.3'), onlink: true }] }),
      },
      `48000000 18000506 366a016b 00000000 021a0000 fe770001 00000000 08000100 0a020000 24000900 10000000 03000000
       08000500 0a000002 10000400 03000000 08000500 0a000003`,
    ],
    [
      '-6 route replace fd01::/64 via fd00::2 dev veth0 proto 119 metric 1024',
      { op: 'replace-route', route: route('fd01::/64', { nextHops: [via('fd00::2')] }) },
      `54000000 18000505 366a016b 00000000 0a400000 fe770001 00000000 14000100 fd010000 00000000 00000000 00000000
       14000500 fd000000 00000000 00000000 00000002 08000600 00040000 08000400 03000000`,
    ],
    [
      'route del 10.1.0.0/26 proto 119 metric 32',
      { op: 'delete-route', route: route('10.1.0.0/26', { metric: 32, nextHops: [via('10.0.0.2')] }) },
      '2c000000 19000500 366a016b 00000000 021a0000 fe77ff00 00000000 08000100 0a010000 08000600 20000000',
    ],
    [
      'neigh replace 10.0.0.9 dev veth0 lladdr 02:00:00:00:00:09 nud permanent',
      {
        op: 'replace-neighbour',
        neighbour: { interfaceIndex: 3, address: address('10.0.0.9'), mac: '02:00:00:00:00:09' },
      },
      '30000000 1c000505 376a016b 00000000 02000000 03000000 80000000 08000100 0a000009 0a000200 02000000 00090000',
    ],
    [
      'addr add 10.3.0.1/32 dev veth0',
      {
        op: 'add-address',
        address: { interfaceIndex: 3, address: address('10.3.0.1'), prefixLength: 32, scope: 'global' },
      },
      '28000000 14000506 366a016b 00000000 02200000 03000000 08000200 0a030001 08000100 0a030001',
    ],
    [
      'link add vxlan.calico address 66:01:02:03:04:05 mtu 1450 type vxlan id 4096 local 10.0.0.1 dev eth9 dstport 4789 nolearning',
      {
        op: 'add-vxlan',
        name: 'vxlan.calico',
        mac: '66:01:02:03:04:05',
        mtuBytes: 1450,
        vxlan: { vni: 4096, port: 4789, local: address('10.0.0.1'), parentIndex: 2 },
      },
      `84000000 10000506 0014026b 00000000 00000000 00000000 00000000 00000000 0a000100 66010203 04050000 08000400
       aa050000 11000300 76786c61 6e2e6361 6c69636f 00000000 3c001200 09000100 76786c61 6e000000 2c000200 08000300
       02000000 08000100 00100000 08000400 0a000001 05000700 00000000 06000f00 12b50000`,
    ],
    [
      'link add vx6 address 66:01:02:03:04:05 mtu 1430 type vxlan id 4096 local fd00::1 dev eth9 dstport 4789 nolearning (its MAC put in)',
      {
        op: 'add-vxlan',
        name: 'vx6',
        mac: '66:01:02:03:04:05',
        mtuBytes: 1430,
        vxlan: { vni: 4096, port: 4789, local: address('fd00::1'), parentIndex: 2 },
      },
      `84000000 10000506 0014026b 00000000 00000000 00000000 00000000 00000000 0a000100 66010203 04050000 08000400
       96050000 08000300 76783600 48001200 09000100 76786c61 6e000000 38000200 08000300 02000000 08000100 00100000
       14001100 fd000000 00000000 00000000 00000001 05000700 00000000 06000f00 12b50000`,
    ],
    [
      'link add tunl0 mtu 1480 type ipip (messages only: the kernel of the tests has no IPIP)',
      { op: 'add-ipip', name: 'tunl0', mtuBytes: 1480 },
      `40000000 10000506 0014026b 00000000 00000000 00000000 00000000 00000000 08000400 c8050000 0a000300 74756e6c
       30000000 0c001200 08000100 69706970`,
    ],
    [
      'bridge fdb replace 66:0a:0b:0c:0d:0e dev vxlan.calico dst 10.0.0.2 self permanent',
      {
        op: 'replace-forwarding',
        entry: { interfaceIndex: 3, mac: '66:0a:0b:0c:0d:0e', remote: address('10.0.0.2') },
      },
      '30000000 1c000505 0114026b 00000000 07000000 03000000 c0000200 0a000200 660a0b0c 0d0e0000 08000100 0a000002',
    ],
    [
      'bridge fdb del 66:0a:0b:0c:0d:0e dev vxlan.calico dst 10.0.0.2 self',
      {
        op: 'delete-forwarding',
        entry: { interfaceIndex: 3, mac: '66:0a:0b:0c:0d:0e', remote: address('10.0.0.2') },
      },
      '30000000 1d000500 0114026b 00000000 07000000 03000000 c0000200 0a000200 660a0b0c 0d0e0000 08000100 0a000002',
    ],
  ];

  it.each(cases)('%s', (_command, change, captured) => {
    const fixedBytes = change.op === 'add-address' ? 8 : /^add-(vxlan|ipip)$/.test(change.op) ? 16 : 12;
    const [theirs] = readMessages(hex(captured));
    expect(shape(encode(change), fixedBytes)).toEqual(shape(theirs, fixedBytes));
  });

  function encode(change: Change): Message | undefined {
    const writer = new MessageWriter(Buffer.alloc(4096));
    encodeChange(writer, 1, change as NetlinkChange);
    writer.requestAck();
    const [message] = readMessages(Buffer.from(writer.written));
    return message;
  }

  /** A message without its sequence number, its attributes in the order of their types and its nests opened flat. */
  function shape(message: Message | undefined, fixedBytes: number): object {
    if (message === undefined) throw new Error('no message');
    const { type, flags, payload } = message;
    expect(flags & NLM_F.ACK).toBe(NLM_F.ACK);
    const nests = fixedBytes === 16 ? ['18', '18.2'] : [];
    const attributes = attributesOf(payload.subarray(fixedBytes), '', nests);
    return { type, flags, fixed: payload.toString('hex', 0, fixedBytes), attributes: attributes.sort() };
  }

  /** @param nests the paths of attributes that hold others: those of a link's kind */
  function attributesOf(buffer: Buffer, path: string, nests: readonly string[]): string[] {
    const attributes: string[] = [];
    for (let at = 0; at < buffer.length; at += (buffer.readUInt16LE(at) + 3) & ~3) {
      // The kernel ignores the bit that says "nested", and iproute2 leaves it out.
      const type = `${path}${buffer.readUInt16LE(at + 2) & 0x3fff}`;
      const value = buffer.subarray(at + 4, at + buffer.readUInt16LE(at));
      if (nests.includes(type)) attributes.push(...attributesOf(value, `${type}.`, nests));
      else attributes.push(`${type}: ${kindText(type, value)}`);
    }
    return attributes;
  }

  /** iproute2 ends the name of a kind without its NUL. */
  function kindText(type: string, value: Buffer): string {
    return value.toString('hex').replace(type === '18.1' ? /(00)+$/ : /$/, '');
  }
});

describe('routes as Linux shows them', () => {
  const cases: [string, string, Route | undefined][] = [
    [
      '10.2.0.0/26 metric 32 nexthop via 10.0.0.2 nexthop via 10.0.0.3 onlink',
      `58000000180022002b6b016b4a450000021a0000fe7700010000000008000f00fe000000080001000a02000008000600200000
       00240009001000000003000000080005000a0000021000040003000000080005000a000003`,
      route('10.2.0.0/26', { metric: 32, nextHops: [via('10.0.0.2'), { ...via('10.0.0.3'), onlink: true }] }),
    ],
    [
      '10.4.0.0/26 via inet6 fe80::2 src 10.0.0.1 table 1000',
      `54000000180022002b6b016b4c450000021a0000fc7700010000000008000f00e8030000080001000a040000080007000a0000
       01160012000a00fe80000000000000000000000000000200000800040003000000`,
      route('10.4.0.0/26', { table: 1000, nextHops: [via('fe80::2')], preferredSource: address('10.0.0.1') }),
    ],
    [
      'blackhole 10.5.0.0/26 proto 80',
      '2c000000180022002b6b016b4e450000021a0000fe5000060000000008000f00fe000000080001000a050000',
      route('10.5.0.0/26', { type: 'blackhole', protocol: 80 }),
    ],
    [
      'fd02::/64 metric 1024 nexthop via fd00::2 nexthop via fd00::3',
      `a8000000180022002b6b016b504500000a400000fe7700010000000008000f00fe00000014000100fd02000000000000000000
       000000000008000600000400003c0009001c0000000300000014000500fd0000000000000000000000000000021c0000000300
       000014000500fd00000000000000000000000000000324000c0000000000000000000000000000000000000000000000000000
       00000000000000050014000000000074000000`,
      route('fd02::/64', { metric: 1024, nextHops: [via('fd00::2'), via('fd00::3')] }),
    ],
    [
      'blackhole fd03::/64, for which IPv6 shows the loopback as next hop',
      `74000000180022002b6b016b504500000a400000fe7700060000000008000f00fe00000014000100fd03000000000000000000
       00000000000800060000040000080004000100000024000c000000000000000000000000000000000000000000000000000000
       0000000000000500140000000000`,
      route('fd03::/64', { type: 'blackhole', metric: 1024 }),
    ],
    [
      'a route that expires, as one of a router advertisement',
      `88000000180022002b6b016b524500000a400000fe0900010000000008000f00fe00000014000100fd05000000000000000000
       0000000000080006000004000014000500fd000000000000000000000000000002080004000300000024000c00000000000000
       00005eea000000000000000000000000000000000000000000000500140000000000`,
      route('fd05::/64', { protocol: 9, metric: 1024, nextHops: [via('fd00::2')], expires: true }),
    ],
    [
      'a route for one TOS, which is left out',
      `3c000000180022002b6b016b54450000021a0008fe0300010000000008000f00fe000000080001000a060000080005000a0000
       020800040003000000`,
      undefined,
    ],
  ];

  it.each(cases)('%s', (_name, captured, expected) => {
    const [message] = readMessages(hex(captured));
    expect(message && decodeRoute(message.payload)).toEqual(expected);
  });
});

describe('addresses as Linux shows them', () => {
  it.each([
    [
      '10.0.0.1/24 scope global',
      `50000000140022002b6b016b564500000218800003000000080001000a000001080002000a0000010a00030076657468300000000800
       08008000000014000600ffffffffffffffff30aa040030aa0400`,
      { interfaceIndex: 3, address: '10.0.0.1', prefixLength: 24, scope: 'global' },
    ],
    [
      'fe80::c8ef:5cff:feea:1ce2/64 scope link',
      `50000000140022002b6b016b564500000a40c0fd0300000014000100fe80000000000000c8ef5cfffeea1ce214000600ffffffffffff
       ffff30aa040030aa040008000800c000000005000b0003000000`,
      { interfaceIndex: 3, address: 'fe80::c8ef:5cff:feea:1ce2', prefixLength: 64, scope: 'link' },
    ],
  ])('%s', (_name, captured, expected) => {
    const [message] = readMessages(hex(captured));
    expect(message && decodeAddress(message.payload)).toEqual(expected);
  });
});

describe('links as Linux shows them', () => {
  const captured = hex(readFileSync(`${import.meta.dirname}/testdata/veth-link.hex`, 'utf8'));

  it('a veth that is up, in a bridge', () => {
    const [message] = readMessages(captured);
    expect(message && decodeLink(message.payload)).toEqual({
      index: 4,
      name: 'veth0',
      mac: 'ee:ee:ee:ee:ee:ee',
      mtuBytes: 1400,
      up: true,
      running: true,
      type: 'veth',
      masterIndex: 2,
      peerIndex: 3,
    });
  });

  it('nothing, when the message is about a port of a bridge', () => {
    const ofBridge = Buffer.from(captured);
    ofBridge.writeUInt8(7, 16);
    const [message] = readMessages(ofBridge);
    expect(message && decodeLink(message.payload)).toBeUndefined();
  });
});

describe('refusals as Linux words them', () => {
  const refusal = { errno: 101, message: 'Nexthop has invalid gateway' };

  it('errno and words after the header of the request (NETLINK_CAP_ACK)', () => {
    const [message] = readMessages(
      hex(`440000000200000301000000e94b00009bffffff2c000000180001060100000000000000200001004e657874686f7020686173
           20696e76616c6964206761746577617900`),
    );
    expect(message && readAnswer(message)).toEqual(refusal);
  });

  it('errno and words after the whole request', () => {
    const [message] = readMessages(
      hex(`6000000002000002a56b016bf84b00009bffffff2c00000018000506a56b016b00000000021a0000fe03000100000000080001
           000a09000008000500c0000201200001004e657874686f702068617320696e76616c6964206761746577617900`),
    );
    expect(message && readAnswer(message)).toEqual(refusal);
  });
});

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}
