/** What the datastore says of a destination: pool, address, block; and with that, which node is to announce it. */
import {
  type Address,
  containsAddress,
  containsPrefix,
  hostPrefix,
  type Prefix,
  prefixLength,
} from '@weft/ip';
import { type Allocation, allocationAt, ordinalIn } from '@weft/ipam';
import type { BlockAffinity, IPAMBlock, IPPool, WorkloadEndpoint } from '@weft/resources';
import type { Hop } from './hop.ts';
import { addressOf, destinationText, type ExplainInput, type Snapshot, workloadName } from './input.ts';

/** Who has a destination, and who is to announce it. */
export interface Holding {
  readonly hops: readonly Hop[];
  readonly pool?: IPPool;
  readonly workload?: WorkloadEndpoint;
  /** The address is some workload's, and not a tunnel's or a load balancer's. */
  readonly isWorkloads: boolean;
  /** The node that has the address, else the one that owns the block. */
  readonly owner?: string;
  /** What that node is to announce: the block, or for a borrowed address the address alone. */
  readonly announced?: Prefix;
}

/** Reads the datastore's side. */
export function holdingOf(input: ExplainInput): Holding {
  const { destination, snapshot } = input;
  const pool = snapshot.pools
    .filter(({ spec }) => containsPrefix(spec.cidr, destination))
    .sort((left, right) => prefixLength(right.spec.cidr) - prefixLength(left.spec.cidr))[0];
  if (pool === undefined) return { hops: [noPool(input)], isWorkloads: false };
  if (prefixLength(destination) < pool.spec.blockSize)
    return { hops: [widerThanBlocks(input, pool)], pool, isWorkloads: false };
  const address = addressOf(input);
  const block = snapshot.blocks.find(({ spec }) => !spec.deleted && containsPrefix(spec.cidr, destination));
  const affinity = affinityAround(snapshot, destination);
  const held = address === undefined ? undefined : allocationIn(block, address);
  const inUse = held?.releasedAt === undefined ? held : undefined;
  const workload = snapshot.workloads.find(
    ({ spec }) => address !== undefined && spec.ipNetworks?.includes(hostPrefix(address)),
  );
  const holder = inUse?.attributes.node ?? workload?.spec.node;
  const owner = holder ?? affinity?.spec.node;
  const isOwnBlock = affinity?.spec.state === 'confirmed' && owner === affinity.spec.node;
  const cidr = block?.spec.cidr ?? affinity?.spec.cidr;
  const announced = isOwnBlock || address === undefined ? cidr : hostPrefix(address);
  return {
    hops: [
      poolHop(pool, held),
      ...(address === undefined ? [] : [addressHop(address, pool, { affinity, block, held, workload })]),
      blockHop(cidr, affinity, holder),
    ],
    pool,
    isWorkloads: workload !== undefined || inUse?.attributes.pod !== undefined,
    ...(workload && { workload }),
    ...(owner !== undefined && { owner }),
    ...(announced !== undefined && { announced }),
  };
}

/** Of several claims, as there are while a block changes hands, the confirmed one counts. */
function affinityAround({ affinities }: Snapshot, destination: Prefix): BlockAffinity | undefined {
  const around = affinities.filter(
    ({ spec }) => !spec.deleted && spec.type === 'host' && containsPrefix(spec.cidr, destination),
  );
  return around.find(({ spec }) => spec.state === 'confirmed') ?? around[0];
}

function allocationIn(block: IPAMBlock | undefined, address: Address): Allocation | undefined {
  if (block === undefined || !containsAddress(block.spec.cidr, address)) return undefined;
  const ordinal = ordinalIn(block.spec, address);
  return ordinal === undefined ? undefined : allocationAt(block.spec, ordinal);
}

function noPool(input: ExplainInput): Hop {
  return {
    stage: 'pool',
    answer: 'no',
    says: `no IPPool holds ${destinationText(input)}`,
    next: 'See the pools there are: weftctl get ippools -o wide.',
  };
}

function widerThanBlocks({ destination, snapshot }: ExplainInput, { metadata, spec }: IPPool): Hop {
  const [first] = snapshot.blocks
    .map((block) => block.spec.cidr)
    .filter((cidr) => containsPrefix(destination, cidr))
    .sort();
  const example = first === undefined ? 'none is claimed yet' : `for example ${first}`;
  return {
    stage: 'pool',
    answer: 'no',
    says: `${destination} is wider than the blocks of IPPool ${metadata.name}: nodes announce its blocks of /${spec.blockSize} (${example})`,
    next: 'Ask for an address or a block: weftctl ipam show --show-blocks lists them.',
  };
}

function poolHop({ metadata, spec }: IPPool, held: Allocation | undefined): Hop {
  const says = `IPPool ${metadata.name} (${spec.cidr})`;
  if (!spec.disabled) return { stage: 'pool', answer: 'yes', says };
  const rest = held === undefined ? 'nobody gets an address of it' : 'what has an address keeps it';
  return { stage: 'pool', answer: 'note', says: `${says} is disabled: ${rest}`, rule: 'spec.disabled' };
}

interface AddressFacts {
  readonly block: IPAMBlock | undefined;
  readonly affinity: BlockAffinity | undefined;
  readonly held: Allocation | undefined;
  readonly workload: WorkloadEndpoint | undefined;
}

function addressHop(address: Address, pool: IPPool, { affinity, block, held, workload }: AddressFacts): Hop {
  const stage = 'address';
  if (held?.releasedAt !== undefined)
    return {
      stage,
      answer: 'no',
      says: `nobody has it: it was released at ${held.releasedAt} and cools down`,
      next: `See who had it: weftctl ipam history ${address}.`,
    };
  if (held !== undefined) return heldHop(held, workload);
  const disabled = pool.spec.disabled ? `, and IPPool ${pool.metadata.name} is disabled` : '';
  const place =
    block === undefined
      ? affinity === undefined
        ? 'no block around it is claimed'
        : `its block ${affinity.spec.cidr} is not made yet`
      : `it is free in the block ${block.spec.cidr}`;
  return {
    stage,
    answer: 'no',
    says: `nobody has it: ${place}${disabled}`,
    next: `See who had it: weftctl ipam history ${address}.`,
  };
}

function heldHop({ attributes, handle }: Allocation, workload: WorkloadEndpoint | undefined): Hop {
  const { namespace, node, pod, type } = attributes;
  const named = pod === undefined ? undefined : namespace === undefined ? pod : `${namespace}/${pod}`;
  const name = workload === undefined ? named : workloadName(workload);
  const who = name ?? type ?? handle ?? 'somebody without a name';
  const where = node === undefined ? '' : ` on ${node}`;
  if (pod !== undefined && workload === undefined)
    return {
      stage: 'address',
      answer: 'no',
      says: `assigned to ${who}${where}, but no WorkloadEndpoint has it`,
      rule: `handle ${handle}`,
      next: 'It is being plugged in just now, or has leaked: weftctl ipam check.',
    };
  return {
    stage: 'address',
    answer: 'yes',
    says: `assigned to ${who}${where}`,
    ...(handle !== undefined && { rule: `handle ${handle}` }),
  };
}

function blockHop(
  cidr: Prefix | undefined,
  affinity: BlockAffinity | undefined,
  holder: string | undefined,
): Hop {
  const stage = 'block';
  const own = cidr ?? 'its block';
  if (affinity === undefined) {
    const says = `${own} belongs to no node`;
    if (holder !== undefined)
      return { stage, answer: 'note', says: `${says}: ${holder} announces the address by itself` };
    return {
      stage,
      answer: 'no',
      says: cidr === undefined ? 'nobody has claimed a block there' : says,
      next: 'It is claimed with the first address that a node takes of it.',
    };
  }
  const { node, state } = affinity.spec;
  if (holder !== undefined && holder !== node) {
    const says = `borrowed: ${own} is a block of ${node}, so ${holder} announces the address by itself`;
    return { stage, answer: 'note', says, rule: `affinity ${state}` };
  }
  if (state === 'confirmed')
    return { stage, answer: 'yes', says: `${own} is a block of ${node}`, rule: 'affinity confirmed' };
  const is = state === 'pending' ? 'is still pending' : 'is being given up';
  return {
    stage,
    // The addresses in it are announced one by one meanwhile.
    answer: holder === undefined ? 'no' : 'note',
    says: `the claim of ${node} on ${own} ${is}`,
    rule: `affinity ${state}`,
    next: `It passes by itself; if it does not, see why in the log of weftd on ${node}.`,
  };
}
