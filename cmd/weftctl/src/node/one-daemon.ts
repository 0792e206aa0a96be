/** The one daemon that a command is about: what changes a node is not done to whoever happens to answer. */
import type { ControlClient } from '@weft/control';
import { CliError, usageError } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { chooseDaemons, machineDaemons } from '../where.ts';

/** A daemon and the name of its node. */
export interface NamedDaemon {
  readonly node: string;
  readonly client: ControlClient;
}

/** The daemon of the node that is named, wherever it is, or this machine's own; exit code 2 when there are several. */
export async function oneDaemon(where: WhereOptions, node: string | undefined): Promise<NamedDaemon> {
  const targets = await (node === undefined ? machineDaemons(where, node) : chooseDaemons(where, node));
  const [target] = targets;
  if (target === undefined || targets.length > 1) {
    const names = targets.flatMap(({ name }) => name ?? []).join(', ');
    throw usageError('There are several nodes', names, 'Name one.');
  }
  const name = target.name ?? (await target.client.status()).node;
  if (node === undefined || node === name) return { node: name, client: target.client };
  throw new CliError([
    {
      what: `The daemon on this socket is that of node ${name}`,
      object: `node ${node}`,
      hint: `Run this command on ${node}, or name its socket with --socket.`,
    },
  ]);
}
