/**
 * Has the engine compile the way of a route through the speaker before the first peer comes.
 *
 * Code that has run only a few times is interpreted. A table of half a million prefixes is over before all of it is
 * compiled, which costs as much again as the table itself. So a speaker nobody sees is fed made-up routes by an
 * external peer and by two clients of a reflector, tells them on, takes them back, and is thrown away.
 */

import { type Address, address } from '@weft/ip';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import { encodeOpen } from '../wire/message/01-open.ts';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { UpdatePacker } from '../wire/update-packer.ts';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import { Speaker } from './speaker.ts';

const OWN_ASN = 64512;
/** So many times over all routes: the engine wants to see a loop often before it compiles it well. */
const ROUNDS = 8;
const SETS = 1000;
const PREFIXES_PER_SET = 10;
/** Octets a peer's socket would give in one read; also how much is done in one step. */
const CHUNK_BYTES = 16_384;
const FIRST_ADDRESS = 0x0a000000;

interface Neighbour {
  readonly address: Address;
  readonly asn: number;
}

/** An external peer and a client that have routes to tell, then two that have none. */
const NEIGHBOURS: readonly Neighbour[] = [64513, OWN_ASN, 64514, OWN_ASN].map((asn, index) => ({
  address: address(`192.0.2.${index + 2}`),
  asn,
}));
const FEEDERS = 2;

const CONFIG: SpeakerConfig = {
  asn: OWN_ASN,
  identifier: address('192.0.2.1'),
  listen: [],
  holdTimeSeconds: 0,
  peers: NEIGHBOURS.map(describePeer),
};

/** Runs step by step, a few milliseconds each, so that the caller can look after its sockets in between. */
export function* warmUp(): Generator<undefined> {
  const streams = NEIGHBOURS.slice(0, FEEDERS).map((peer, index) => {
    const firstAddress = FIRST_ADDRESS + index * 2 ** 28;
    return { peer, updates: [...announcements(firstAddress), ...withdrawals(firstAddress)] };
  });
  // One speaker for all rounds: the tables of several would wait for the collector, 2 MiB each.
  const speaker = startSpeaker();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let step = 0; streams.some(({ updates }) => step < updates.length); step += 1) {
      for (const { peer, updates } of streams) {
        const bytes = updates[step];
        if (bytes !== undefined) deliver(speaker, peer, bytes);
      }
      speaker.handle({ kind: 'flush' }, 0);
      speaker.takeActions();
      yield undefined;
    }
  }
}

function describePeer({ address: peer, asn }: Neighbour): PeerConfig {
  return {
    address: peer,
    asn,
    passive: true,
    families: ['ipv4-unicast'],
    nextHop: 'auto',
    nextHopAddresses: { ipv4: address('192.0.2.1') },
    routeReflectorClient: asn === OWN_ASN,
    importPolicy: [],
    exportPolicy: [],
  };
}

function startSpeaker(): Speaker {
  const speaker = new Speaker(CONFIG, { restarting: false, seed: 1, now: 0, reportRoutes: false });
  speaker.handle({ kind: 'set-local-routes', routes: [] }, 0);
  for (const [index, peer] of NEIGHBOURS.entries()) {
    const { asn } = peer;
    const open = encodeOpen({
      version: 4,
      asn,
      holdTimeSeconds: 0,
      identifier: index + 1,
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'four-octet-as', asn },
      ],
    });
    speaker.handle({ kind: 'accepted', peer: peer.address, connection: 2 }, 0);
    deliver(speaker, peer, open);
    deliver(speaker, peer, encodeKeepalive());
  }
  return speaker;
}

function deliver(speaker: Speaker, peer: Neighbour, bytes: Uint8Array): void {
  speaker.handle({ kind: 'received', peer: peer.address, connection: 2, bytes }, 0);
}

function announcements(firstAddress: number): Uint8Array[] {
  return pack((packer) => {
    const nextHop = new Uint8Array([192, 0, 2, 2]);
    for (let set = 0; set < SETS; set += 1) {
      const block = encodeAttributes(describeRoute(set), { fourOctetAsn: true });
      packer.beginReach('ipv4-unicast', block, nextHop, false);
      addPrefixes(packer, set, firstAddress);
      packer.end();
    }
  });
}

function withdrawals(firstAddress: number): Uint8Array[] {
  return pack((packer) => {
    packer.beginWithdraw('ipv4-unicast', false);
    for (let set = 0; set < SETS; set += 1) addPrefixes(packer, set, firstAddress);
    packer.end();
  });
}

function describeRoute(set: number): PathAttributes {
  return {
    origin: 0,
    asPath: [{ kind: 'sequence', asns: [64513, 64600 + (set % 7), 65_000 + set] }],
    med: set % 5,
    communities: [0xfc010000 + set],
  };
}

/** Prefixes of a set lie apart from each other, as those of a real table do. */
function addPrefixes(packer: UpdatePacker, set: number, firstAddress: number): void {
  for (let index = 0; index < PREFIXES_PER_SET; index += 1) {
    packer.addIpv4(firstAddress + (index * SETS + set) * 256, 24, 0);
  }
}

function pack(write: (packer: UpdatePacker) => void): Uint8Array[] {
  const packer = new UpdatePacker(4096);
  write(packer);
  const bytes = packer.take();
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    chunks.push(bytes.subarray(start, start + CHUNK_BYTES));
  }
  return chunks;
}
