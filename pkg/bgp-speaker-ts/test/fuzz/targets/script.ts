/**
 * Reads an input as a list of things to do: what the stateful targets are made of.
 *
 * Every octet sequence is a script, so that the same mutations serve as for plain bytes. Behind the end there are zeros.
 */

import { encodeAttributes } from '../../../src/wire/attribute/encode.ts';
import type { AsPath, PathAttributes } from '../../../src/wire/attribute/path-attributes.ts';
import type { Capability } from '../../../src/wire/capability/capability.ts';
import type { Family } from '../../../src/wire/family.ts';
import { encodeOpen } from '../../../src/wire/message/01-open.ts';
import { encodeNotification } from '../../../src/wire/message/03-notification.ts';
import { encodeKeepalive } from '../../../src/wire/message/04-keepalive.ts';
import { encodeRouteRefresh } from '../../../src/wire/message/05-route-refresh.ts';
import { frameMessage } from '../../../src/wire/message/header.ts';
import { UpdatePacker } from '../../../src/wire/update-packer.ts';

/** A position in an input. */
export class Script {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything was read. */
  get isOver(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  /** Reads one octet. */
  octet(): number {
    const value = this.#bytes[this.#offset] ?? 0;
    this.#offset += 1;
    return value;
  }

  /** Reads a copy of some octets, fewer at the end. */
  octets(count: number): Uint8Array {
    const taken = this.#bytes.slice(this.#offset, this.#offset + count);
    this.#offset += count;
    return taken;
  }

  /** Chooses from a list by one octet. */
  choose<T>(list: readonly T[]): T {
    return list[this.octet() % list.length] as T;
  }
}

/** Who sends a message: what its OPEN says. */
export interface Sender {
  readonly asn: number;
  readonly identifier: number;
}

type Build = (script: Script, sender: Sender) => Uint8Array;

const BUILDERS: readonly Build[] = [
  (script, sender) => buildOpen(sender, script.octet()),
  () => encodeKeepalive(),
  announce,
  announce,
  announce,
  withdraw,
  (script) => encodeRouteRefresh({ afi: 1 + (script.octet() & 1), safi: 1, subtype: script.octet() % 4 }),
  (script) =>
    encodeNotification({ code: script.octet() % 9, subcode: script.octet() % 12, data: script.octets(2) }),
  endOfRib,
  (script) => frameMessage(1 + (script.octet() % 6), script.octets(script.octet() % 64)),
  (script) => script.octets(script.octet() % 64),
  damage,
];

/** Reads one message, or octets that are none. */
export function readMessage(script: Script, sender: Sender): Uint8Array {
  return script.choose(BUILDERS)(script, sender);
}

/** Bits of an OPEN: what is left out, and what is said. */
export function buildOpen({ asn, identifier }: Sender, bits: number): Uint8Array {
  const has = (bit: number): boolean => (bits & (1 << bit)) !== 0;
  const families = [1, 2].map((afi) => ({ afi, safi: 1 }));
  const capabilities: readonly (Capability | false)[] = [
    ...(has(0) ? [] : families.map((family) => ({ kind: 'multiprotocol' as const, ...family }))),
    !has(1) && { kind: 'four-octet-as', asn },
    !has(2) && { kind: 'route-refresh' },
    !has(2) && { kind: 'enhanced-route-refresh' },
    has(3) && { kind: 'extended-message' },
    has(4) && {
      kind: 'add-path',
      families: families.map((family) => ({ ...family, receive: true, send: true })),
    },
    has(5) && {
      kind: 'graceful-restart',
      restarting: has(6),
      notification: has(7),
      restartTimeSeconds: 30,
      families: families.map((family) => ({ ...family, forwarding: has(6) })),
    },
    has(5) &&
      has(7) && {
        kind: 'long-lived-graceful-restart',
        families: families.map((family) => ({ ...family, forwarding: has(6), staleTimeSeconds: 100 })),
      },
    has(7) && { kind: 'role', value: 4 },
  ];
  return encodeOpen({
    version: 4,
    asn: asn > 0xffff ? 23_456 : asn,
    holdTimeSeconds: 90,
    identifier,
    capabilities: capabilities.filter((capability) => capability !== false),
  });
}

/** Builds an UPDATE that announces IPv4 prefixes `20.0.n.0/24` or IPv6 prefixes `2001:db8:n::/48`. */
export function buildAnnouncement(
  family: Family,
  attributes: PathAttributes,
  numbers: readonly number[],
  options: { readonly fourOctetAsn: boolean; readonly addPath: boolean; readonly nextHop: Uint8Array },
): Uint8Array {
  const packer = new UpdatePacker(4096);
  packer.beginReach(family, encodeAttributes(attributes, options), options.nextHop, options.addPath);
  addPrefixes(packer, family, numbers);
  packer.end();
  return packer.take();
}

const AS_PATHS: readonly AsPath[] = [
  [],
  [{ kind: 'sequence', asns: [64_513] }],
  [{ kind: 'sequence', asns: [64_513, 64_514, 4_200_000_001] }],
  [{ kind: 'sequence', asns: [64_512, 64_513] }],
  [
    { kind: 'sequence', asns: [64_513] },
    { kind: 'set', asns: [64_520, 64_521] },
  ],
  [{ kind: 'confederation-sequence', asns: [65_001] }],
  [{ kind: 'sequence', asns: new Array<number>(255).fill(64_515) }],
];

function readAttributes(script: Script): PathAttributes {
  const bits = script.octet();
  const has = (bit: number): boolean => (bits & (1 << bit)) !== 0;
  return {
    origin: 0,
    asPath: script.choose(AS_PATHS),
    ...(has(0) && { med: script.octet() }),
    ...(has(1) && { localPref: script.octet() }),
    ...(has(2) && { communities: [0xffffff01, 64_512 * 65_536 + script.octet()] }),
    ...(has(3) && { originatorId: 0x0a000000 + script.octet(), clusterList: [script.octet()] }),
    ...(has(4) && { unknown: [{ flags: 0xc0, code: 99, value: script.octets(3) }] }),
    ...(has(5) && { atomicAggregate: true as const, aggregator: { asn: 4_200_000_001, address: 1 } }),
    ...(has(6) && {
      largeCommunities: [{ globalAdministrator: 1, localData1: 2, localData2: script.octet() }],
    }),
    ...(has(7) && { otc: 64_513, extendedCommunities: [{ high: 0x00020000, low: script.octet() }] }),
  };
}

const NEXT_HOPS: readonly Uint8Array[] = [
  new Uint8Array([10, 0, 0, 7]),
  new Uint8Array([10, 0, 0, 8]),
  new Uint8Array([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]),
  new Uint8Array([...new Array(16).fill(0x20), 0xfe, 0x80, ...new Array(13).fill(0), 7]),
  new Uint8Array([10, 0, 0, 1]),
];

function announce(script: Script): Uint8Array {
  const bits = script.octet();
  const family = (bits & 1) === 0 ? 'ipv4-unicast' : 'ipv6-unicast';
  const options = {
    fourOctetAsn: (bits & 2) === 0,
    addPath: (bits & 4) !== 0,
    nextHop: script.choose(NEXT_HOPS),
  };
  const attributes = readAttributes(script);
  return buildAnnouncement(family, attributes, readNumbers(script), options);
}

function withdraw(script: Script): Uint8Array {
  const bits = script.octet();
  const family = (bits & 1) === 0 ? 'ipv4-unicast' : 'ipv6-unicast';
  const packer = new UpdatePacker(4096);
  packer.beginWithdraw(family, (bits & 4) !== 0);
  addPrefixes(packer, family, readNumbers(script));
  packer.end();
  return packer.take();
}

function endOfRib(script: Script): Uint8Array {
  const packer = new UpdatePacker(4096);
  packer.addEndOfRib((script.octet() & 1) === 0 ? 'ipv4-unicast' : 'ipv6-unicast');
  return packer.take();
}

/** A message with one octet changed and its end cut off, the length in its header as it was or made right again. */
function damage(script: Script): Uint8Array {
  const message = announce(script).slice();
  const at = 19 + (script.octet() % Math.max(1, message.length - 19));
  message[at] = script.octet();
  const cut = message.slice(0, message.length - (script.octet() % 4));
  if ((script.octet() & 1) === 0) return cut;
  return frameMessage(2, cut.subarray(19));
}

/** Up to eight numbers, one per bit of an octet. */
function readNumbers(script: Script): readonly number[] {
  const bits = script.octet();
  return [0, 1, 2, 3, 4, 5, 6, 7].filter((number) => (bits & (1 << number)) !== 0);
}

function addPrefixes(packer: UpdatePacker, family: Family, numbers: readonly number[]): void {
  for (const number of numbers) {
    if (family === 'ipv4-unicast') packer.addIpv4(0x14000000 + number * 256, 24, number);
    else packer.addIpv6(0x20010db8, number * 65_536, 0, 0, 48, number);
  }
}
