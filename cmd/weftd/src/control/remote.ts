/** The control API over TCP: what an operator says about it, and what a Node says of where it is. */
import {
  type ControlAddress,
  printControlAddress,
  type RemoteOptions,
  readControlAddress,
  type TlsFiles,
} from '@weft/control';
import { type Address, familyOf, isUnspecified, parseInterfaceAddress } from '@weft/ip';
import type { Logger } from '@weft/telemetry';
import { InvalidArgumentError, type Option } from 'commander';
import { flag } from '../flag.ts';
import type { ChosenAddress } from '../startup/node-address.ts';
import { StartupError } from '../startup-error.ts';

/** Where the API is served to other machines, and by which files; both or neither. */
export interface RemoteControl {
  readonly address: ControlAddress;
  readonly files: TlsFiles;
}

/** The flags as commander gives them. */
export interface GivenRemoteControl {
  readonly controlAddress?: ControlAddress;
  readonly controlCertificate?: string;
  readonly controlKey?: string;
  readonly controlCa?: string;
}

/** The flags. */
export function remoteFlags(): Option[] {
  return [
    flag(
      '--control-address <address:port>',
      'WEFT_CONTROL_ADDRESS',
      'serve the control API to other machines there, by TLS 1.3 and client certificates; 0.0.0.0 or [::] for all',
    ).argParser(addressAndPort),
    flag('--control-certificate <file>', 'WEFT_CONTROL_CERTIFICATE', 'PEM: certificate that names this node'),
    flag('--control-key <file>', 'WEFT_CONTROL_KEY', 'PEM: its key'),
    flag('--control-ca <file>', 'WEFT_CONTROL_CA', 'PEM: who signs the certificates of clients'),
  ];
}

/** All four or none: half of it would be a door that nobody meant. Throws StartupError. */
export function remoteControl(given: GivenRemoteControl): RemoteControl | undefined {
  const { controlAddress: address, controlCa: ca, controlCertificate: certificate, controlKey: key } = given;
  if (address && certificate && key && ca) return { address, files: { certificate, key, ca } };
  const parts = { '--control-address': address, '--control-certificate': certificate, '--control-key': key };
  const missing = Object.entries({ ...parts, '--control-ca': ca }).flatMap(([name, value]) =>
    value ? [] : name,
  );
  if (missing.length === 4) return undefined;
  throw new StartupError(
    'the control API is served to other machines by an address and three files, or not at all',
    `${missing.join(', ')}: not given`,
    'give all of them, or none',
  );
}

const KEPT = 'the ones before are used until it is right';

/** For the server: what the files say from now on is logged. */
export function remoteOptions(remote: RemoteControl | undefined, log: Logger): RemoteOptions | undefined {
  if (remote === undefined) return undefined;
  return {
    ...remote.address,
    files: remote.files,
    onFilesChanged: (problem) => {
      if (problem === undefined) log.info('control-certificate-renewed', 'The files were read again.');
      else log.error('control-certificate-unusable', problem.what, { object: problem.object, hint: KEPT });
    },
  };
}

/** What the Node says of it: of all addresses of this machine the node's own, IPv4 first. Undefined: nobody is served. */
export function announcedAddress(
  remote: RemoteControl | undefined,
  addresses: readonly ChosenAddress[],
): string | undefined {
  if (remote === undefined) return undefined;
  const { host, port } = remote.address;
  const own = isUnspecified(host) ? nodeAddress(host, addresses) : host;
  return own && printControlAddress({ host: own, port });
}

/** `::` listens for IPv4, too. */
function nodeAddress(host: Address, addresses: readonly ChosenAddress[]): Address | undefined {
  const usable = addresses.filter(({ address, family }) => address && (family === 4 || familyOf(host) === 6));
  const [first] = usable.sort((left, right) => left.family - right.family);
  const parsed = parseInterfaceAddress(first?.address ?? '');
  return parsed.ok ? parsed.value.address : undefined;
}

function addressAndPort(text: string): ControlAddress {
  const address = readControlAddress(text);
  if (address !== undefined) return address;
  throw new InvalidArgumentError('It must look like 10.0.0.1:9098 or [fd00::1]:9098.');
}
