/**
 * Every message this speaker can write, with what tshark has to read in it.
 */
import {
  type Capability,
  encodeAttributes,
  encodeKeepalive,
  encodeNotification,
  encodeOpen,
  encodeRouteRefresh,
  encodeShutdownCommunication,
  type Family,
  type PathAttributes,
  UpdatePacker,
} from 'bgp-speaker-ts';

/** A message and lines that must stand in its dissection, in this order. */
export interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly lines: readonly string[];
}

const FAMILIES = [
  { afi: 1, safi: 1 },
  { afi: 2, safi: 1 },
];

const CAPABILITIES: readonly Capability[] = [
  ...FAMILIES.map((family) => ({ kind: 'multiprotocol' as const, ...family })),
  { kind: 'route-refresh' },
  { kind: 'extended-next-hop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
  { kind: 'extended-message' },
  { kind: 'role', value: 4 },
  {
    kind: 'graceful-restart',
    restarting: true,
    notification: true,
    restartTimeSeconds: 120,
    families: FAMILIES.map((family) => ({ ...family, forwarding: true })),
  },
  { kind: 'four-octet-as', asn: 4_200_000_001 },
  { kind: 'add-path', families: FAMILIES.map((family) => ({ ...family, receive: true, send: true })) },
  { kind: 'enhanced-route-refresh' },
  {
    kind: 'long-lived-graceful-restart',
    families: FAMILIES.map((family) => ({ ...family, forwarding: true, staleTimeSeconds: 3600 })),
  },
];

const OPEN_LINES = [
  'Version: 4',
  'My AS: 23456 (AS_TRANS)',
  'Hold Time: 90',
  'BGP Identifier: 10.0.0.1',
  'Capability: Multiprotocol extensions capability',
  'AFI: IPv4 (1)',
  'AFI: IPv6 (2)',
  'Capability: Route refresh capability',
  'Capability: Extended Next Hop Encoding',
  'Next hop AFI: IPv6 (2)',
  'Capability: BGP-Extended Message',
  'Capability: BGP Role',
  'Unknown: 04',
  'Capability: Graceful Restart capability',
  'Restart Timers: 0xc078, Restart state, Graceful notification',
  'Time: 120',
  'Preserve forwarding state: Yes',
  'Capability: Support for 4-octet AS number capability',
  'AS Number: 4200000001',
  'Capability: Support for Additional Paths',
  'Send/Receive: Both (3)',
  'Capability: Enhanced route refresh capability',
  'Capability: Long-Lived Graceful Restart (LLGR) Capability',
  'Unknown: 00010180000e1000020180000e10',
];

/** All attributes, with an AS_SET and an attribute nobody knows. */
export const ALL_ATTRIBUTES: PathAttributes = {
  origin: 2,
  asPath: [
    { kind: 'sequence', asns: [4_200_000_001, 64_513] },
    { kind: 'set', asns: [64_514, 64_515] },
  ],
  med: 7,
  localPref: 200,
  atomicAggregate: true,
  aggregator: { asn: 4_200_000_001, address: 0x0a000009 },
  communities: [0xffffff01, 64_512 * 65_536 + 7],
  originatorId: 0x0a000005,
  clusterList: [0x0a000006, 0x0a000007],
  extendedCommunities: [{ high: 0x0002fc00, low: 100 }],
  largeCommunities: [{ globalAdministrator: 4_200_000_001, localData1: 1, localData2: 2 }],
  otc: 64_513,
  unknown: [{ flags: 0xe0, code: 201, value: new Uint8Array([1, 2, 3]) }],
};

const ATTRIBUTE_LINES = [
  'Origin: INCOMPLETE (2)',
  'Path Attribute - AS_PATH: 4200000001 64513 {64514, 64515}',
  'Multiple exit discriminator: 7',
  'Local preference: 200',
  'Path Attribute - ATOMIC_AGGREGATE',
  'Path Attribute - AGGREGATOR: AS: 4200000001 origin: 10.0.0.9',
  'Path Attribute - COMMUNITIES: NO_EXPORT 64512:7',
  'Originator identifier: 10.0.0.5',
  'Path Attribute - CLUSTER_LIST: 10.0.0.6 10.0.0.7',
  'Route Target: 64512:100 [Transitive 2-Octet AS-Specific]',
  'Large communities: 4200000001:1:2',
  'Path Attribute - Unknown (35)',
  'Path Attribute - Unknown (201)',
  'Flags: 0xe0, Optional, Transitive, Partial',
];
const SHORT: PathAttributes = { origin: 0, asPath: [{ kind: 'sequence', asns: [64_512] }] };
const SHORT_LINES = ['Origin: IGP (0)', 'Path Attribute - AS_PATH: 64512'];

const IPV4_NEXT_HOP = [10, 0, 0, 1];
const IPV6_NEXT_HOP = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const LINK_LOCAL = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

const IPV4_PREFIXES = ['192.0.2.0/24', '198.51.100.0/25'];
const IPV6_PREFIXES = ['2001:db8:1::/48', '2001:db8:2::1:0:0/128'];

interface Announcement {
  readonly nextHop: readonly number[];
  readonly addPath?: boolean;
  readonly attributes?: PathAttributes;
  readonly fourOctetAsn?: boolean;
}

function announce(
  family: Family,
  { nextHop, addPath = false, attributes = SHORT, fourOctetAsn = true }: Announcement,
): Uint8Array {
  const packer = new UpdatePacker(4096);
  packer.beginReach(family, encodeAttributes(attributes, { fourOctetAsn }), new Uint8Array(nextHop), addPath);
  addPrefixes(packer, family);
  packer.end();
  return packer.take();
}

function withdraw(family: Family, addPath: boolean): Uint8Array {
  const packer = new UpdatePacker(4096);
  packer.beginWithdraw(family, addPath);
  addPrefixes(packer, family);
  packer.end();
  return packer.take();
}

function endOfRib(family: Family): Uint8Array {
  const packer = new UpdatePacker(4096);
  packer.addEndOfRib(family);
  return packer.take();
}

function addPrefixes(packer: UpdatePacker, family: Family): void {
  if (family === 'ipv4-unicast') {
    packer.addIpv4(0xc0000200, 24, 1);
    packer.addIpv4(0xc6336400, 25, 2);
  } else {
    packer.addIpv6(0x20010db8, 0x10000, 0, 0, 48, 1);
    packer.addIpv6(0x20010db8, 0x20000, 1, 0, 128, 2);
  }
}

/** A message of RFC 8654: longer than 4096 octets. */
function extended(): Uint8Array {
  const packer = new UpdatePacker(65_535);
  packer.beginReach(
    'ipv4-unicast',
    encodeAttributes(SHORT, { fourOctetAsn: true }),
    new Uint8Array(IPV4_NEXT_HOP),
    false,
  );
  for (let index = 0; index < 1500; index += 1) packer.addIpv4(0x0a000000 + index * 256, 24, 0);
  packer.end();
  return packer.take();
}

const UPDATES: readonly Case[] = [
  {
    name: 'an UPDATE of IPv4 with every attribute',
    bytes: announce('ipv4-unicast', { nextHop: IPV4_NEXT_HOP, attributes: ALL_ATTRIBUTES }),
    lines: [...ATTRIBUTE_LINES, ...IPV4_PREFIXES],
  },
  {
    name: 'an UPDATE of IPv4 for a peer with AS numbers of two octets',
    bytes: announce('ipv4-unicast', {
      nextHop: IPV4_NEXT_HOP,
      attributes: { ...ALL_ATTRIBUTES, unknown: undefined },
      fourOctetAsn: false,
    }),
    lines: [
      'Path Attribute - AS_PATH: 23456 64513 {64514, 64515}',
      'Path Attribute - AGGREGATOR: AS: 23456 origin: 10.0.0.9',
      'Path Attribute - AS4_PATH: 4200000001 64513 {64514, 64515}',
      'Path Attribute - AS4_AGGREGATOR: AS: 4200000001 origin: 10.0.0.9',
      ...IPV4_PREFIXES,
    ],
  },
  {
    name: 'an UPDATE of IPv6 with every attribute',
    bytes: announce('ipv6-unicast', { nextHop: IPV6_NEXT_HOP, attributes: ALL_ATTRIBUTES }),
    lines: ['Next hop: 2001:db8::1', ...IPV6_PREFIXES, ...ATTRIBUTE_LINES],
  },
  {
    name: 'an UPDATE of IPv6 with a link-local next hop',
    bytes: announce('ipv6-unicast', { nextHop: [...IPV6_NEXT_HOP, ...LINK_LOCAL] }),
    lines: ['Next hop: IPv6=2001:db8::1 Link-local=fe80::1', ...IPV6_PREFIXES, ...SHORT_LINES],
  },
  {
    name: 'an UPDATE of IPv4 with an IPv6 next hop (RFC 8950)',
    bytes: announce('ipv4-unicast', { nextHop: IPV6_NEXT_HOP }),
    lines: ['Address family identifier (AFI): IPv4 (1)', '2001:db8::1', ...IPV4_PREFIXES],
  },
  {
    name: 'an UPDATE of IPv4 with path identifiers',
    bytes: announce('ipv4-unicast', { nextHop: IPV4_NEXT_HOP, addPath: true }),
    lines: ['192.0.2.0/24 PathId 1', '198.51.100.0/25 PathId 2'],
  },
  {
    name: 'an UPDATE of IPv6 with path identifiers',
    bytes: announce('ipv6-unicast', { nextHop: IPV6_NEXT_HOP, addPath: true }),
    lines: ['2001:db8:1::/48 PathId 1', '2001:db8:2::1:0:0/128 PathId 2'],
  },
  {
    name: 'a withdrawal of IPv4',
    bytes: withdraw('ipv4-unicast', false),
    lines: ['Withdrawn Routes', ...IPV4_PREFIXES],
  },
  {
    name: 'a withdrawal of IPv6',
    bytes: withdraw('ipv6-unicast', false),
    lines: ['Withdrawn Routes', ...IPV6_PREFIXES],
  },
  {
    name: 'a withdrawal of IPv4 with path identifiers',
    bytes: withdraw('ipv4-unicast', true),
    lines: ['192.0.2.0/24 PathId 1', '198.51.100.0/25 PathId 2'],
  },
  {
    name: 'a withdrawal of IPv6 with path identifiers',
    bytes: withdraw('ipv6-unicast', true),
    lines: ['2001:db8:1::/48 PathId 1', '2001:db8:2::1:0:0/128 PathId 2'],
  },
  {
    name: 'End-of-RIB of IPv4',
    bytes: endOfRib('ipv4-unicast'),
    lines: ['Withdrawn Routes Length: 0', 'Total Path Attribute Length: 0'],
  },
  {
    name: 'End-of-RIB of IPv6',
    bytes: endOfRib('ipv6-unicast'),
    lines: ['Path Attribute - MP_UNREACH_NLRI', 'Length: 3', 'Address family identifier (AFI): IPv6 (2)'],
  },
  {
    name: 'an extended message, of which tshark 4.0 takes the header alone',
    bytes: extended(),
    lines: ['Border Gateway Protocol - UPDATE Message', 'Length: 6043'],
  },
];

type NotificationRow = readonly [
  code: number,
  subcode: number,
  data: readonly number[],
  line: string,
  ...more: string[],
];

const bytesOf = (text: string): number[] => [...encodeShutdownCommunication(text)];
const NOTIFICATIONS: readonly NotificationRow[] = [
  [1, 1, [], 'Minor error Code (Message Header): Connection Not Synchronized (1)'],
  [1, 2, [0, 18], 'Minor error Code (Message Header): Bad Message Length (2)', 'Data: 0012'],
  [1, 3, [9], 'Minor error Code (Message Header): Bad Message Type (3)', 'Data: 09'],
  [2, 0, [], 'Minor error Code (Open Message): Unknown (0)'],
  [2, 1, [0, 4], 'Minor error Code (Open Message): Unsupported Version Number (1)', 'Data: 0004'],
  [2, 2, [], 'Minor error Code (Open Message): Bad Peer AS (2)'],
  [2, 3, [], 'Minor error Code (Open Message): Bad BGP Identifier (3)'],
  [2, 4, [], 'Minor error Code (Open Message): Unsupported Optional Parameter (4)'],
  [2, 6, [], 'Minor error Code (Open Message): Unacceptable Hold Time (6)'],
  [2, 7, [], 'Minor error Code (Open Message): Unsupported Capability (7)'],
  [2, 11, [], 'Minor error Code (Open Message): Unknown (11)'],
  [3, 1, [], 'Minor error Code (Update Message): Malformed Attribute List (1)'],
  [
    3,
    2,
    [0x40, 201, 0],
    'Minor error Code (Update Message): Unrecognized Well-known Attribute (2)',
    'Data: 40c900',
  ],
  [3, 3, [1], 'Minor error Code (Update Message): Missing Well-known Attribute (3)', 'Data: 01'],
  [3, 4, [0xc0, 1, 1, 0], 'Minor error Code (Update Message): Attribute Flags Error (4)', 'Data: c0010100'],
  [
    3,
    5,
    [0x40, 1, 2, 0, 0],
    'Minor error Code (Update Message): Attribute Length Error (5)',
    'Data: 4001020000',
  ],
  [
    3,
    6,
    [0x40, 1, 1, 9],
    'Minor error Code (Update Message): Invalid ORIGIN Attribute (6)',
    'Data: 40010109',
  ],
  [3, 8, [], 'Minor error Code (Update Message): Invalid NEXT_HOP Attribute (8)'],
  [3, 9, [], 'Minor error Code (Update Message): Optional Attribute Error (9)'],
  [3, 10, [], 'Minor error Code (Update Message): Invalid Network Field (10)'],
  [3, 11, [], 'Minor error Code (Update Message): Malformed AS_PATH (11)'],
  [4, 0, [], 'Major error Code: Hold Timer Expired (4)'],
  [5, 0, [], 'Minor error Code (State Machine): Unknown (0)'],
  [5, 1, [], 'Minor error Code (State Machine): Receive Unexpected Message in OpenSent State (1)'],
  [5, 2, [], 'Minor error Code (State Machine): Receive Unexpected Message in OpenConfirm State (2)'],
  [5, 3, [], 'Minor error Code (State Machine): Receive Unexpected Message in Established State (3)'],
  [6, 1, [0, 1, 1, 0, 0, 0, 9], 'Minor error Code (Cease): Maximum Number of Prefixes Reached (1)'],
  [6, 2, bytesOf('wartung ✓'), 'Minor error Code (Cease): Administratively Shutdown (2)', 'wartung ✓'],
  [6, 3, [], 'Minor error Code (Cease): Peer De-configured (3)'],
  [6, 4, bytesOf('new key'), 'Minor error Code (Cease): Administratively Reset (4)', 'new key'],
  [6, 5, [], 'Minor error Code (Cease): Connection Rejected (5)'],
  [6, 6, [], 'Minor error Code (Cease): Other Configuration Change (6)'],
  [6, 7, [], 'Minor error Code (Cease): Connection Collision Resolution (7)'],
  [6, 8, [], 'Minor error Code (Cease): Out of Resources (8)'],
  [6, 9, [6, 2, ...bytesOf('bye')], 'Minor error Code (Cease): Hard Reset (9)'],
  [6, 10, [], 'Minor error Code (Cease): Unknown (10)'],
  [
    7,
    1,
    [...encodeRouteRefresh({ afi: 1, safi: 1, subtype: 1 })],
    'Data: ffffffffffffffffffffffffffffffff00170500010101',
  ],
  [8, 0, [], 'Major error Code: Unknown (8)'],
];

const REFRESH_NAMES = [
  'Normal route refresh request',
  'Demarcation of the beginning',
  'Demarcation of the ending',
];

/** Every message, in the order in which it is sent. */
export const CASES: readonly Case[] = [
  {
    name: 'an OPEN with every capability',
    bytes: encodeOpen({
      version: 4,
      asn: 23_456,
      holdTimeSeconds: 90,
      identifier: 0x0a000001,
      capabilities: CAPABILITIES,
    }),
    lines: OPEN_LINES,
  },
  { name: 'a KEEPALIVE', bytes: encodeKeepalive(), lines: ['Length: 19', 'Type: KEEPALIVE Message (4)'] },
  ...UPDATES,
  ...REFRESH_NAMES.map((name, subtype) => ({
    name: `a ROUTE-REFRESH of subtype ${subtype}`,
    bytes: encodeRouteRefresh({ afi: 2, safi: 1, subtype }),
    lines: [
      'Address family identifier (AFI): IPv6 (2)',
      `Subtype: ${name}`,
      'Subsequent address family identifier (SAFI): Unicast (1)',
    ],
  })),
  ...NOTIFICATIONS.map(([code, subcode, data, ...lines]) => ({
    name: `NOTIFICATION ${code}/${subcode}`,
    bytes: encodeNotification({ code, subcode, data: new Uint8Array(data) }),
    lines,
  })),
];
