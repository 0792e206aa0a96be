/**
 * The public API of bgp-speaker-ts.
 */

export { type Address, address, type Prefix, prefix } from '@weft/ip';
export { BFD_STATES, type BfdState } from './bfd/iana.ts';
export type { BfdSessionConfig, BfdStatus, BfdTimers } from './bfd/types.ts';
export type { BmpView } from './bmp/header.ts';
export { Peer } from './fsm/peer.ts';
export { createRandom, type Random } from './fsm/random.ts';
export * from './fsm/types.ts';
export type { DumpTable } from './mrt/table-dump.ts';
export * from './policy/built-in.ts';
export * from './policy/community.ts';
export * from './policy/facts.ts';
export type { PolicyScope } from './policy/matcher.ts';
export { applyOperations } from './policy/operation.ts';
export * from './policy/policy.ts';
export { DECISION_STEPS, type DecisionStep } from './rib/decision-process.ts';
export { REJECTIONS, type Rejection } from './rib/path-table.ts';
export { type ConfigMistake, checkSpeakerConfig } from './speaker/check-config.ts';
export type * from './speaker/config.ts';
export type { SpeakerOptions } from './speaker/core.ts';
export { describeDownReason } from './speaker/down-reason.ts';
export type * from './speaker/events.ts';
export type * from './speaker/explain.ts';
export type { ReceivedRoute, SelectedRoute, SentRoute } from './speaker/listing.ts';
export { RecordedSpeaker, replay } from './speaker/recording.ts';
export type { ShownAttributes } from './speaker/shown-attributes.ts';
export { Speaker } from './speaker/speaker.ts';
export {
  BgpServer,
  type BgpServerOptions,
  type PeerCommand,
  type SpeakerReport,
  type StartResult,
  type StopOptions,
  type TransportReport,
} from './transport/bgp-server.ts';
export { BGP_PORT } from './transport/dial.ts';
export type { ListenError } from './transport/listen-error.ts';
export { type MrtFileError, type MrtFileResult, writeMrtFile } from './transport/mrt-file.ts';
export { MrtLogFile } from './transport/mrt-log-file.ts';
export type { ConfigError, StartError } from './transport/start-error.ts';
export * from './wire/attribute/as-path.ts';
export type { AttributeContext, EncodeContext, ParsedAttributes } from './wire/attribute/codec.ts';
export * from './wire/attribute/decode.ts';
export * from './wire/attribute/encode.ts';
export * from './wire/attribute/judge.ts';
export type * from './wire/attribute/path-attributes.ts';
export { attributeName } from './wire/attribute/table.ts';
export type * from './wire/capability/capability.ts';
export * from './wire/error.ts';
export * from './wire/family.ts';
export { MessageFramer } from './wire/framing.ts';
export * from './wire/iana.ts';
export * from './wire/message/01-open.ts';
export * from './wire/message/02-update.ts';
export * from './wire/message/03-notification.ts';
export * from './wire/message/04-keepalive.ts';
export * from './wire/message/05-route-refresh.ts';
export * from './wire/next-hop.ts';
export * from './wire/nlri.ts';
export * from './wire/update-packer.ts';
export * from './wire/update-view.ts';
