/**
 * Code points of the BGP registries at IANA, under the names the RFCs give them.
 *
 * Every other file of the codec takes its numbers from here, so that a code point is written once.
 */

/** Message types: RFC 4271 §4.1, RFC 2918 §3. */
export const MessageType = {
  open: 1,
  update: 2,
  notification: 3,
  keepalive: 4,
  routeRefresh: 5,
} as const;

/** Address family identifiers: RFC 4760 §3. */
export const Afi = { ipv4: 1, ipv6: 2 } as const;

/** Subsequent address family identifiers: RFC 4760 §6. */
export const Safi = { unicast: 1 } as const;

/** Path attribute type codes. */
export const AttributeCode = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  med: 4,
  localPref: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  mpReachNlri: 14,
  mpUnreachNlri: 15,
  extendedCommunities: 16,
  as4Path: 17,
  as4Aggregator: 18,
  largeCommunities: 32,
  otc: 35,
} as const;

/** Attribute flag bits: RFC 4271 §4.3. */
export const AttributeFlag = {
  optional: 0x80,
  transitive: 0x40,
  partial: 0x20,
  extendedLength: 0x10,
} as const;

/** ORIGIN values: RFC 4271 §5.1.1. */
export const Origin = { igp: 0, egp: 1, incomplete: 2 } as const;

/** AS_PATH segment types: RFC 4271 §4.3, RFC 5065 §3. */
export const SegmentType = {
  set: 1,
  sequence: 2,
  confederationSequence: 3,
  confederationSet: 4,
} as const;

/** Capability codes: RFC 5492 and the documents named in `capability/`. */
export const CapabilityCode = {
  multiprotocol: 1,
  routeRefresh: 2,
  extendedNextHop: 5,
  extendedMessage: 6,
  role: 9,
  gracefulRestart: 64,
  fourOctetAs: 65,
  addPath: 69,
  enhancedRouteRefresh: 70,
  longLivedGracefulRestart: 71,
} as const;

/** NOTIFICATION error codes: RFC 4271 §4.5, RFC 7313 §5, RFC 9687 §4. */
export const ErrorCode = {
  messageHeader: 1,
  open: 2,
  update: 3,
  holdTimerExpired: 4,
  finiteStateMachine: 5,
  cease: 6,
  routeRefresh: 7,
  sendHoldTimerExpired: 8,
} as const;

/** Subcodes of Message Header Error: RFC 4271 §6.1. */
export const HeaderSubcode = {
  connectionNotSynchronized: 1,
  badMessageLength: 2,
  badMessageType: 3,
} as const;

/** Subcodes of OPEN Message Error: RFC 4271 §6.2, RFC 5492 §5, RFC 9234 §4.2. */
export const OpenSubcode = {
  unspecific: 0,
  unsupportedVersion: 1,
  badPeerAs: 2,
  badBgpIdentifier: 3,
  unsupportedOptionalParameter: 4,
  unacceptableHoldTime: 6,
  unsupportedCapability: 7,
  roleMismatch: 11,
} as const;

/** Subcodes of UPDATE Message Error: RFC 4271 §6.3. */
export const UpdateSubcode = {
  unspecific: 0,
  malformedAttributeList: 1,
  unrecognizedWellKnownAttribute: 2,
  missingWellKnownAttribute: 3,
  attributeFlags: 4,
  attributeLength: 5,
  invalidOrigin: 6,
  invalidNextHop: 8,
  optionalAttribute: 9,
  invalidNetworkField: 10,
  malformedAsPath: 11,
} as const;

/** Subcodes of Finite State Machine Error: RFC 6608 §3. */
export const FsmSubcode = {
  unspecific: 0,
  unexpectedInOpenSent: 1,
  unexpectedInOpenConfirm: 2,
  unexpectedInEstablished: 3,
} as const;

/** Subcodes of Cease: RFC 4486 §4, RFC 8538 §3.1, RFC 9384 §3. */
export const CeaseSubcode = {
  unspecific: 0,
  maximumPrefixes: 1,
  administrativeShutdown: 2,
  peerDeconfigured: 3,
  administrativeReset: 4,
  connectionRejected: 5,
  otherConfigurationChange: 6,
  connectionCollision: 7,
  outOfResources: 8,
  hardReset: 9,
  bfdDown: 10,
} as const;

/** Subcodes of ROUTE-REFRESH Message Error: RFC 7313 §5. */
export const RouteRefreshSubcode = { invalidMessageLength: 1 } as const;

/** Message subtypes of ROUTE-REFRESH: RFC 7313 §3.2. */
export const RefreshSubtype = { request: 0, beginning: 1, ending: 2 } as const;

/** The two-octet stand-in for an AS number that needs four octets: RFC 6793 §9. */
export const AS_TRANS = 23456;

/** Lengths the base protocol fixes, in octets: RFC 4271 §4.1, RFC 8654 §4. */
export const MessageSize = { header: 19, standard: 4096, extended: 65535 } as const;
