/** `weftctl version`: this program's version, that of the daemons it can reach, and that of the cluster. */
import description from '../package.json' with { type: 'json' };
import { type Failure, failuresOf, printFailure, type Report } from './failure.ts';
import { askNodes } from './node/ask.ts';
import type { WhereOptions } from './options.ts';
import { printStructured } from './print/structured.ts';
import { printable } from './print/table.ts';
import { machineDaemons, withStore } from './where.ts';

/** Options of the command. */
export interface VersionOptions extends WhereOptions {
  /** Ask nobody. */
  readonly client?: boolean;
  readonly output: 'ps' | 'json' | 'yaml';
}

/** What could be found out. */
interface Versions {
  readonly client: string;
  readonly daemons: readonly { readonly node: string; readonly version: string }[];
  /** What the cluster's ClusterInformation says; absent when the datastore is away. */
  readonly cluster?: { readonly version: string; readonly type: string };
}

/** Daemons and datastores that are away are worth a remark, not an error: the own version is known. */
export async function version(options: VersionOptions): Promise<Report> {
  const { versions, failures } = options.client
    ? { versions: { client: description.version, daemons: [] }, failures: [] }
    : await askAll(options);
  const { output } = options;
  return {
    text: output === 'ps' ? describe(versions) : await printStructured(versions, output),
    failures: [],
    notes: failures.map((failure) => printFailure(failure)),
  };
}

/** This program in one line, for reports. */
export function versionText(): string {
  return `weftctl ${description.version} on Node ${process.version}\n`;
}

async function askAll(where: WhereOptions): Promise<{ versions: Versions; failures: readonly Failure[] }> {
  const [daemons, cluster] = await Promise.all([
    askNodes(where, undefined, async (client) => (await client.status()).version, machineDaemons),
    askCluster(where),
  ]);
  return {
    versions: {
      client: description.version,
      daemons: daemons.answers.map(({ node, value }) => ({ node, version: value })),
      ...('failures' in cluster ? {} : { cluster }),
    },
    failures: [...daemons.failures, ...('failures' in cluster ? cluster.failures : [])],
  };
}

async function askCluster(
  where: WhereOptions,
): Promise<{ version: string; type: string } | { failures: readonly Failure[] }> {
  try {
    const key = { kind: 'ClusterInformation', name: 'default' } as const;
    const information = await withStore(where, false, (store) => store.get(key));
    const { calicoVersion, clusterType } = information?.spec ?? {};
    return { version: calicoVersion || 'unknown', type: clusterType || 'unknown' };
  } catch (error) {
    return { failures: failuresOf(error) };
  }
}

function describe({ client, daemons, cluster }: Versions): string {
  return [
    `Client Version:   ${client}`,
    ...daemons.map(({ node, version }) => `Daemon Version:   ${printable(version)} (${printable(node)})`),
    ...(cluster
      ? [`Cluster Version:  ${printable(cluster.version)}`, `Cluster Type:     ${printable(cluster.type)}`]
      : []),
  ].join('\n');
}
