/** `weftctl attach` and `weftctl detach`: any network namespace of this machine, by hand. */
import {
  type Attachment,
  type AttachRequest,
  type ControlClient,
  everyItem,
  type PoolStatus,
} from '@weft/control';
import { CliError, type Report, usageError } from '../failure.ts';
import { askNodes } from '../node/ask.ts';
import type { OutputFormat, WhereOptions } from '../options.ts';
import { printStructured } from '../print/structured.ts';
import { machineDaemons } from '../where.ts';
import { type Container, type ContainerOptions, findContainer } from './container.ts';

/** Who asks, in names of WorkloadEndpoints. */
const orchestrator = 'weftctl';

/** What `attach` is told. */
export interface AttachOptions extends WhereOptions, ContainerOptions {
  readonly pool?: readonly string[];
  readonly ip?: readonly string[];
  readonly mac?: string;
  readonly output: OutputFormat;
}

/** What `detach` is told. */
export interface DetachOptions extends WhereOptions, ContainerOptions {
  readonly id?: string;
}

/** Plugs it in; again: puts it in order. */
export async function attach(node: string | undefined, options: AttachOptions): Promise<Report> {
  const { ip, pool } = options;
  if (ip !== undefined && pool !== undefined)
    throw usageError(
      '--ip and --pool choose the address twice',
      `--ip ${ip} --pool ${pool}`,
      'Give one of them.',
    );
  const container = await findContainer(options);
  const { netns } = container;
  if (netns === undefined)
    throw new CliError([
      { what: 'The container does not run', object: options.container ?? '', hint: 'Start it.' },
    ]);
  const plugIn = async (client: ControlClient): Promise<Attachment> =>
    client.attachEndpoint(idOf(container, options), {
      containerId: container.name,
      netns,
      interfaceName: options.interface,
      orchestrator,
      workload: container.name,
      ...(await addressesOf(client, options)),
      ...(options.mac === undefined ? {} : { mac: options.mac }),
    });
  const { answers, failures } = await askNodes(options, node, plugIn, machineDaemons);
  const attachments = answers.map(({ value }) => value);
  if (options.output === 'json')
    return { text: await printStructured(attachments[0] ?? {}, 'json'), failures };
  const lines = attachments.map(
    ({ addresses, hostInterface, id, kind }) =>
      `${kind === 'attached' ? 'Attached' : 'Already attached'} ${id}: ${addresses.join(' and ')}, ${hostInterface} on the host`,
  );
  return { text: lines.join('\n'), failures };
}

/** Takes it out. */
export async function detach(node: string | undefined, options: DetachOptions): Promise<Report> {
  const id = options.id ?? idOf(await findContainer(options), options);
  const { answers, failures } = await askNodes(
    options,
    node,
    (client) => client.detachEndpoint(id),
    machineDaemons,
  );
  const lines = answers.map(({ value: { addresses, kind } }) =>
    kind === 'detached' ? `Detached ${id}: ${addresses.join(' and ')} given back` : `Not attached: ${id}`,
  );
  return { text: lines.join('\n'), failures };
}

function idOf({ name }: Container, options: ContainerOptions): string {
  return `${name}.${options.interface}`;
}

type Addresses = Pick<AttachRequest, 'families' | 'addresses' | 'pools4' | 'pools6'>;

/** One address of each family of the pools that are named, or of those that the node uses anyway. */
async function addressesOf(client: ControlClient, { ip, pool }: AttachOptions): Promise<Addresses> {
  if (ip !== undefined)
    return { addresses: ip, families: familiesOf(ip.map((address) => familyOfText(address))) };
  const pools = await Array.fromAsync(everyItem((query) => client.pools(query)));
  if (pool === undefined)
    return {
      families: familiesOf(pools.filter((one) => one.notAutomatic === undefined).map(({ family }) => family)),
    };
  const named = pool.map((name) => ({ name, family: familyOfPool(name, pools) }));
  const namesOf = (family: string): string[] =>
    named.filter((one) => one.family === family).map(({ name }) => name);
  const [pools4, pools6] = [namesOf('ipv4'), namesOf('ipv6')];
  return {
    families: familiesOf(named.map(({ family }) => family)),
    ...(pools4.length === 0 ? {} : { pools4 }),
    ...(pools6.length === 0 ? {} : { pools6 }),
  };
}

type Family = AttachRequest['families'][number];

/** IPv4 where nothing says anything: the daemon then tells why there is no address. */
function familiesOf(families: readonly Family[]): readonly Family[] {
  return families.length === 0 ? ['ipv4'] : [...new Set(families)].sort();
}

function familyOfText(text: string): Family {
  return text.includes(':') ? 'ipv6' : 'ipv4';
}

function familyOfPool(pool: string, known: readonly PoolStatus[]): Family {
  return known.find(({ name }) => name === pool)?.family ?? familyOfText(pool);
}
