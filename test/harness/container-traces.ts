/**
 * What containers leave on a lab when somebody forgets something: in the datastore, in the daemons, in the hosts' kernels and in
 * the spools of CNI calls.
 */
import { existsSync, readdirSync } from 'node:fs';
import { ControlClient, everyItem } from '@weft/control';
import { openDatastore } from '@weft/datastore';
import { resolveLab, runIn } from '@weft/lab';

/** One line for each thing, to be compared with the lines of another moment. */
export async function containerTraces(lab: string): Promise<string[]> {
  const { datastore, hosts } = await resolveLab(lab);
  const ofHosts = await Promise.all(
    hosts.map(async ({ name, controlSocket, cniSpool }) => {
      const lines = [
        ...(await endpointsOf(controlSocket)),
        ...(await kernelTraces(lab, name)),
        ...(existsSync(cniSpool) ? readdirSync(cniSpool) : []).map((file) => `spooled ${file}`),
      ];
      return lines.map((line) => `${name}: ${line}`);
    }),
  );
  return [...(await storedTraces(datastore)), ...ofHosts.flat()].sort();
}

async function storedTraces(choice: Parameters<typeof openDatastore>[0]): Promise<string[]> {
  const store = await openDatastore(choice);
  try {
    const endpoints = await store.list('WorkloadEndpoint');
    const handles = await store.list('IPAMHandle');
    const blocks = await store.list('IPAMBlock');
    // Given back, but not yet to be given to somebody else, is given back.
    const held = blocks.items.flatMap(({ spec }) =>
      spec.allocations.filter((index) => index !== null && spec.attributes[index]?.releasedAt === undefined),
    );
    return [
      ...endpoints.items.map(({ metadata }) => `WorkloadEndpoint ${metadata.name}`),
      ...handles.items.map(({ spec }) => `handle ${spec.handleID}`),
      `${held.length} addresses held`,
    ];
  } finally {
    await store.close();
  }
}

async function endpointsOf(controlSocket: string): Promise<string[]> {
  const daemon = new ControlClient(controlSocket);
  const ids: string[] = [];
  for await (const { id } of everyItem((query) => daemon.endpoints(query))) ids.push(`endpoint ${id}`);
  return ids;
}

/** Links, routes to single containers, and chains of the plugins that come after weft's. */
async function kernelTraces(lab: string, host: string): Promise<string[]> {
  const lines = async (...command: string[]): Promise<string[]> =>
    (await runIn(lab, host, command)).stdout.split('\n').map((line) => line.trim());
  const links = (await lines('ip', '-brief', 'link')).map((line) => `link ${line.split(/[ @]/)[0]}`);
  const routes = [...(await lines('ip', '-4', 'route')), ...(await lines('ip', '-6', 'route'))];
  const chains = (await lines('nft', 'list', 'chains')).filter((line) => /^chain CNI-[0-9a-f]/.test(line));
  return [
    ...links,
    ...routes.filter((line) => /^(?!fe80:).* dev cali/.test(line)).map((line) => `route ${line}`),
    ...chains,
  ];
}
