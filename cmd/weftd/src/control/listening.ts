/** Where the control API is served, and to whom: from what the operator says to what the server is started with. */
import { readFileSync } from 'node:fs';
import type { ControlServerOptions } from '@weft/control';
import { peerCredentials } from '@weft/kernel';
import type { Logger } from '@weft/telemetry';
import type { Option } from 'commander';
import { flag } from '../flag.ts';
import type { Options } from '../options.ts';
import { StartupError } from '../startup-error.ts';
import { remoteOptions } from './remote.ts';

/** The flag of the group that may read. */
export function groupFlag(): Option {
  return flag(
    '--control-group <group>',
    'WEFT_CONTROL_GROUP',
    'whose members may read by the control socket, by name or number; root changes, everybody else is kept out',
  );
}

/** Throws StartupError for a group that is not there. */
export function listeningOptions(
  options: Options,
  log: Logger,
): Omit<ControlServerOptions, 'backend' | 'onRequest'> {
  const { controlGroup, controlSocket, metricsAddress, remoteControl } = options;
  return {
    socketPath: controlSocket,
    metricsAddress,
    peerOf: peerCredentials,
    ...(controlGroup !== undefined && { readersGid: gidOf(controlGroup) }),
    remote: remoteOptions(remoteControl, log),
  };
}

/** group(5). */
function gidOf(group: string): number {
  if (/^\d{1,9}$/.test(group)) return Number(group);
  const lines = readFileSync('/etc/group', 'utf8').split('\n');
  const fields = lines.map((line) => line.split(':')).find(([name]) => name === group);
  if (fields?.[2] !== undefined) return Number(fields[2]);
  throw new StartupError(
    'there is no such group on this machine',
    `--control-group ${group}`,
    'make it with groupadd, or give its number',
  );
}
