/**
 * The public API of @weft/resources: the projectcalico.org/v3 kinds and all that follows from their schemas.
 */
export { notActedOn } from './acted-on.ts';
export {
  BFD_ANNOTATION,
  INTERFACE_ANNOTATION,
  MTU_ANNOTATION,
  REMOTE_AS_ANNOTATION,
} from './annotations.ts';
export {
  type BgpSettings,
  defaultAsNumber,
  defaultBgpPort,
  effectiveBgpSettings,
} from './bgp-settings.ts';
export { type CrdGroup, type CrdNames, crdNames } from './crd-names.ts';
export type * from './generated/types.ts';
export { describeIssue, type ValidationIssue } from './issue.ts';
export { parseJson, stringifyJson } from './json.ts';
export { apiVersion, type Column, type ColumnContext, type KindDefinition } from './kind-definition.ts';
export { defaultBlockSize } from './kinds/ip-pool.ts';
export { definitionOf, isKind, jsonSchemaOf, kindByAlias, kindNames, kinds } from './kinds.ts';
export {
  affinityName,
  blockName,
  handleName,
  shortAffinityName,
  type WorkloadEndpointIdentifiers,
  workloadEndpointName,
} from './names.ts';
export {
  nodeAddress,
  nodeAddresses,
  nodeInterfaceAddress,
  nodeInterfaceAddresses,
} from './node-addresses.ts';
export { type ParsedResource, parseResource, readResource } from './parse-resource.ts';
export { checkPoolAgainst } from './pool-checks.ts';
export type { JsonSchema } from './schema/json-schema.ts';
export { nearest } from './schema/nearest.ts';
export { type Labels, matchesSelector, parseSelector, type Selector } from './selector/selector.ts';
export { parseAsNumber } from './text/as-number.ts';
export { type BfdTimers, parseBfdTimers } from './text/bfd-timers.ts';
export { type Community, parseCommunity } from './text/community.ts';
export { parseDuration } from './text/duration.ts';
export { parseGoPattern } from './text/go-pattern.ts';
export { type PeerAddress, parsePeerAddress } from './text/peer-address.ts';
