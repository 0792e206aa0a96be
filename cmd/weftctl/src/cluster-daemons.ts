/** The daemons of a cluster: this machine's own by its socket, those of other Nodes where these say they are reached. */
import { CONTROL_ADDRESS_ANNOTATION, ControlClient, readControlAddress, type TlsFiles } from '@weft/control';
import type { Datastore } from '@weft/datastore';
import type { Node } from '@weft/resources';
import { CliError } from './failure.ts';
import type { DaemonTarget } from './where.ts';

/** How long this machine's own daemon may take to say its name, in ms: without it there are the others. */
const NAME_MS = 3_000;

/**
 * Those to ask: all, or that of `wanted`. A machine whose own daemon does not answer is asked by its socket only where there is
 * nobody else.
 */
export async function clusterDaemons(
  store: Datastore,
  own: ControlClient,
  files: TlsFiles,
  wanted: string | undefined,
): Promise<DaemonTarget[]> {
  const ownName = await own.status(AbortSignal.timeout(NAME_MS)).then(
    ({ node }) => node,
    () => undefined,
  );
  const ownTarget = ownName === undefined ? [] : [{ name: ownName, client: own }];
  if (wanted !== undefined && wanted === ownName) return ownTarget;
  if (wanted !== undefined) {
    const node = await store.get({ kind: 'Node', name: wanted });
    return [remoteTarget(node, files) ?? noWayTo(wanted, node)];
  }
  const { items } = await store.list('Node');
  const others = items
    .filter(({ metadata }) => metadata.name !== ownName)
    .flatMap((node) => remoteTarget(node, files) ?? []);
  const all = [...ownTarget, ...others];
  return all.length === 0 ? [{ client: own }] : all;
}

function remoteTarget(node: Node | undefined, files: TlsFiles): DaemonTarget | undefined {
  const address = readControlAddress(node?.metadata.annotations?.[CONTROL_ADDRESS_ANNOTATION] ?? '');
  if (node === undefined || address === undefined) return undefined;
  const { name } = node.metadata;
  return { name, client: new ControlClient({ node: name, ...address, files }) };
}

function noWayTo(name: string, node: Node | undefined): never {
  const object = `node ${name}`;
  if (node === undefined)
    throw new CliError([{ what: 'There is no such Node', object, hint: 'See `weftctl get nodes`.' }]);
  const hint = 'Start its weftd with --control-address, or run this command there.';
  throw new CliError([{ what: 'Its daemon serves no other machines', object, hint }]);
}
