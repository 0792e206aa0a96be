/** The CNI protocol, pure: what a runtime's call means, and how answers are written in each version. */
export type { Annotations } from './annotations.ts';
export type { CniArguments } from './arguments.ts';
export type { Configuration, Dns, IpamType, NetworkIdentity, ValidAttachment } from './configuration.ts';
export { type Call, decodeCall, encodeCall } from './envelope.ts';
export { type CniError, cniError, ERROR_CODE, type ErrorCode, encodeError, isCniError } from './error.ts';
export {
  type AttachmentParameters,
  type CniRequest,
  type ParsedRequest,
  parseRequest,
} from './request.ts';
export {
  decodeResult,
  encodeResult,
  type Result,
  type ResultAddress,
  type ResultInterface,
  type ResultRoute,
} from './result.ts';
export { COMMANDS, type Command, type SpecVersion, SUPPORTED_VERSIONS } from './versions.ts';
export { decideWishes, type PodAnnotations, type Wishes } from './wishes.ts';
