/**
 * From a call of the plugin to a request that can be acted on, or the error that is printed.
 *
 * Source: CNI specification 1.1.0, section 2.
 */
import { type CniArguments, parseArguments } from './arguments.ts';
import {
  type Configuration,
  type NetworkIdentity,
  parseConfiguration,
  parseIdentity,
  type ValidAttachment,
} from './configuration.ts';
import type { Call } from './envelope.ts';
import { type CniError, cniError, ERROR_CODE, isCniError } from './error.ts';
import {
  COMMANDS,
  type Command,
  FIRST_VERSION_WITH,
  isAtLeast,
  isSupported,
  NEWEST_VERSION,
  type SpecVersion,
  SUPPORTED_VERSIONS,
  UNNAMED_VERSION,
} from './versions.ts';

/** The (container, interface) that a request is about. */
export interface AttachmentParameters {
  readonly containerId: string;
  /** Path of the network namespace; empty when DEL has none. */
  readonly netns: string;
  readonly interfaceName: string;
}

/** What the runtime asks for. */
export type CniRequest =
  | { readonly command: 'VERSION'; readonly version: SpecVersion }
  | ({ readonly command: 'STATUS'; readonly configuration: Configuration } & Answered)
  | ({
      readonly command: 'GC';
      readonly configuration: Configuration;
      readonly validAttachments: readonly ValidAttachment[];
    } & Answered)
  | ({
      readonly command: 'ADD' | 'CHECK';
      readonly configuration: Configuration;
      readonly attachment: AttachmentParameters;
      readonly args: CniArguments;
    } & Answered)
  | ({
      readonly command: 'DEL';
      readonly configuration: NetworkIdentity;
      readonly attachment: AttachmentParameters;
    } & Answered);

interface Answered {
  readonly version: SpecVersion;
  /** As it came: what a delegated plugin is given. */
  readonly call: Call;
}

/** A request, or an error with the version in which it is told. */
export type ParsedRequest =
  | { readonly kind: 'request'; readonly request: CniRequest }
  | { readonly kind: 'refused'; readonly version: SpecVersion; readonly error: CniError };

/** Reads a call. */
export function parseRequest(call: Call): ParsedRequest {
  const command = commandOf(call);
  if (isCniError(command)) return refused(command, NEWEST_VERSION);
  if (command === 'VERSION')
    return { kind: 'request', request: { command, version: versionOfProbe(call.stdin) } };
  const value = parseJson(call.stdin);
  if (isCniError(value)) return refused(value, NEWEST_VERSION);
  const version = versionOf(value);
  if (isCniError(version)) return refused(version, NEWEST_VERSION);
  const request = requestOf(command, version, value, call);
  return isCniError(request) ? refused(request, version) : { kind: 'request', request };
}

function refused(error: CniError, version: SpecVersion): ParsedRequest {
  return { kind: 'refused', version, error };
}

function requestOf(
  command: Exclude<Command, 'VERSION'>,
  version: SpecVersion,
  value: unknown,
  call: Call,
): CniRequest | CniError {
  const tooOld = refuseCommand(command, version);
  if (tooOld !== undefined) return tooOld;
  if (command === 'STATUS' || command === 'GC') {
    const configuration = parseConfiguration(value);
    if (isCniError(configuration)) return configuration;
    if (command === 'STATUS') return { command, version, call, configuration };
    const { validAttachments } = configuration;
    if (validAttachments === undefined) return noValidAttachments();
    return { command, version, call, configuration, validAttachments };
  }
  const attachment = attachmentOf(command, call.environment);
  if (isCniError(attachment)) return attachment;
  if (command === 'DEL') {
    const configuration = parseIdentity(value);
    return isCniError(configuration) ? configuration : { command, version, call, configuration, attachment };
  }
  const args = parseArguments(call.environment.CNI_ARGS ?? '');
  if (isCniError(args)) return args;
  const configuration = parseConfiguration(value);
  if (isCniError(configuration)) return configuration;
  if (command === 'CHECK' && configuration.prevResult === undefined) return noPrevResult();
  return { command, version, call, configuration, attachment, args };
}

function commandOf({ environment }: Call): Command | CniError {
  const text = environment.CNI_COMMAND ?? '';
  const command = COMMANDS.find((known) => known === text);
  if (command !== undefined) return command;
  const what = text === '' ? 'CNI_COMMAND is not set' : `CNI_COMMAND is ${JSON.stringify(text)}`;
  return cniError(ERROR_CODE.invalidEnvironment, what, `Set it to one of ${COMMANDS.join(', ')}.`);
}

/** A probe is answered in its own version when that is spoken. */
function versionOfProbe(stdin: string): SpecVersion {
  const value = parseJson(stdin);
  const version = isCniError(value) ? value : versionOf(value);
  return isCniError(version) ? NEWEST_VERSION : version;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    return undecodable('it is no JSON object');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undecodable(text.trim() === '' ? 'it is empty' : error.message);
  }
}

function undecodable(why: string): CniError {
  return cniError(
    ERROR_CODE.decodingFailure,
    `the network configuration on standard input cannot be decoded: ${why}`,
    'Give the plugin its configuration as a JSON object.',
  );
}

function versionOf(value: unknown): SpecVersion | CniError {
  const { cniVersion = '' } = value as { cniVersion?: unknown };
  if (typeof cniVersion !== 'string')
    return undecodable(`cniVersion is ${JSON.stringify(cniVersion)}, not a text`);
  if (cniVersion === '') return UNNAMED_VERSION;
  if (isSupported(cniVersion)) return cniVersion;
  return cniError(
    ERROR_CODE.incompatibleVersion,
    `incompatible CNI version: the configuration is of ${JSON.stringify(cniVersion)}`,
    `weft speaks ${SUPPORTED_VERSIONS.join(', ')}.`,
  );
}

function refuseCommand(command: Command, version: SpecVersion): CniError | undefined {
  const first = FIRST_VERSION_WITH[command];
  if (first === undefined || isAtLeast(version, first)) return undefined;
  return cniError(
    ERROR_CODE.incompatibleVersion,
    `CNI version ${version} of the configuration has no ${command}`,
    `It came with ${first}: raise cniVersion.`,
  );
}

function noPrevResult(): CniError {
  return cniError(
    ERROR_CODE.invalidConfiguration,
    'CHECK needs prevResult, the result of the ADD',
    'The runtime must keep the result of the ADD and pass it.',
  );
}

/** Not the same as an empty list: whoever leaves it out has not said that nothing lives. */
function noValidAttachments(): CniError {
  return cniError(
    ERROR_CODE.invalidConfiguration,
    'GC needs cni.dev/valid-attachments, the attachments that still live',
    'The runtime must list them; an empty list removes every attachment of the network.',
  );
}

const containerId = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** Linux: 1…15 bytes, no slash, no white space, not `.` or `..`; the specification forbids the colon, too. */
const interfaceName = /^(?!\.{1,2}$)[^\s/:]{1,15}$/;

type Environment = Call['environment'];

function attachmentOf(command: Command, environment: Environment): AttachmentParameters | CniError {
  const { CNI_CONTAINERID = '', CNI_IFNAME = '', CNI_NETNS = '' } = environment;
  const mustHaveNetns = command !== 'DEL';
  const faults = [
    ...faultOf('CNI_CONTAINERID', CNI_CONTAINERID, containerId.test(CNI_CONTAINERID)),
    ...faultOf('CNI_IFNAME', CNI_IFNAME, isInterfaceName(CNI_IFNAME)),
    ...(mustHaveNetns ? faultOf('CNI_NETNS', CNI_NETNS, CNI_NETNS.startsWith('/')) : []),
  ];
  if (faults.length === 0)
    return { containerId: CNI_CONTAINERID, netns: CNI_NETNS, interfaceName: CNI_IFNAME };
  return cniError(
    ERROR_CODE.invalidEnvironment,
    `invalid environment: ${faults.join('; ')}`,
    'The runtime must set these variables.',
  );
}

function isInterfaceName(name: string): boolean {
  return interfaceName.test(name) && new TextEncoder().encode(name).length <= 15;
}

function faultOf(variable: string, value: string, isValid: boolean): string[] {
  if (value === '') return [`${variable} is not set`];
  return isValid ? [] : [`${variable} is ${JSON.stringify(value)}`];
}
