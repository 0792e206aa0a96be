/**
 * The invariants that must hold after every single write, however the writers interleave and wherever they die.
 */
import type { Datastore } from '@weft/datastore';
import { type Address, containsAddress } from '@weft/ip';
import {
  type BlockAffinity,
  blockName,
  type IPAMBlock,
  type IPAMHandle,
  type Kind,
  type Node,
} from '@weft/resources';
import {
  addressAt,
  allocationAt,
  blockOfAffinity,
  checkBlock,
  countsByHandle,
  isSameOwner,
  ordinalIn,
  ownerOfAffinity,
  ownerOfBlock,
  stateOf,
  TUNNELS,
  tunnelAddressOf,
  tunnelHandle,
} from '../../src/index.ts';
import type { Ledger } from './ledger.ts';

/** Everything of IPAM as it is now, by name. */
interface Picture {
  readonly IPAMBlock: Map<string, IPAMBlock>;
  readonly BlockAffinity: Map<string, BlockAffinity>;
  readonly IPAMHandle: Map<string, IPAMHandle>;
  readonly Node: Map<string, Node>;
}

/** Follows the store past all faults, and compares. */
export class Monitor {
  readonly #store: Datastore;
  readonly #ledger: Ledger;
  readonly #picture: Picture = {
    IPAMBlock: new Map(),
    BlockAffinity: new Map(),
    IPAMHandle: new Map(),
    Node: new Map(),
  };

  constructor(store: Datastore, ledger: Ledger) {
    this.#store = store;
    this.#ledger = ledger;
  }

  /** Takes note of a write and checks what it can have broken; throws with the violations. */
  async written(kind: Kind, name: string): Promise<void> {
    if (!(kind in this.#picture)) return;
    const resource = await this.#store.get({ kind, name });
    const objects = this.#picture[kind as keyof Picture] as Map<string, unknown>;
    if (resource) objects.set(name, resource);
    else objects.delete(name);
    const violations = this.#violations(kind as keyof Picture);
    if (violations.length > 0) throw new Error(`after a write of ${kind} ${name}: ${violations.join('; ')}`);
  }

  /** The blocks as they are now. */
  get blocks(): IPAMBlock[] {
    return [...this.#picture.IPAMBlock.values()];
  }

  /** The addresses a handle holds, according to the store. */
  held(handle: string): Address[] {
    return [...this.holders()].flatMap(([address, holder]) => (holder === handle ? [address] : []));
  }

  /** Every address that is held, and its handle. */
  holders(): Map<Address, string | undefined> {
    const all = this.blocks.flatMap(({ spec }) =>
      spec.allocations.flatMap((_, ordinal) => {
        const allocation = allocationAt(spec, ordinal);
        const isHeld = allocation && allocation.releasedAt === undefined;
        return isHeld ? [[addressAt(spec, ordinal), allocation.handle] as const] : [];
      }),
    );
    return new Map(all);
  }

  #violations(kind: keyof Picture): string[] {
    switch (kind) {
      case 'IPAMBlock':
        return [
          ...brokenBlocks(this.#picture),
          ...this.#stolenAddresses(),
          ...falseAffinities(this.#picture),
          ...lowCounts(this.#picture),
          ...this.#falseTunnels(),
        ];
      case 'BlockAffinity':
        return falseAffinities(this.#picture);
      case 'IPAMHandle':
        return lowCounts(this.#picture);
      case 'Node':
        return this.#falseTunnels();
    }
  }

  /** The addresses that Nodes tell for their tunnels, and the handles that should hold them. */
  tunnels(): Map<Address, string> {
    const told = [...this.#picture.Node.values()].flatMap((resource) =>
      TUNNELS.flatMap((tunnel) => {
        const address = tunnelAddressOf(tunnel, resource);
        return address === undefined
          ? []
          : [[address, tunnelHandle(tunnel, resource.metadata.name)] as const];
      }),
    );
    return new Map(told);
  }

  /** What a Node tells of its tunnels is held for them. */
  #falseTunnels(): string[] {
    return [...this.tunnels()].flatMap(([address, handle]) => {
      const holder = holderOf(this.blocks, address);
      return holder === handle
        ? []
        : [`${address} is told for ${handle}, and the store gives it to ${holder}`];
    });
  }

  /** An address in use is held by its user. */
  #stolenAddresses(): string[] {
    return [...this.#ledger.owners].flatMap(([address, owner]) => {
      const holder = holderOf(this.blocks, address);
      return holder === owner
        ? []
        : [`${address} is in use by ${owner}, and the store gives it to ${holder}`];
    });
  }
}

function brokenBlocks({ IPAMBlock }: Picture): string[] {
  return [...IPAMBlock.values()].flatMap(({ spec }) =>
    checkBlock(spec).map((problem) => `block ${spec.cidr}: ${problem}`),
  );
}

/** Who is confirmed is named in the block; so no two are confirmed. */
function falseAffinities({ IPAMBlock, BlockAffinity }: Picture): string[] {
  return [...BlockAffinity.values()].flatMap((affinity) => {
    if (stateOf(affinity) !== 'confirmed') return [];
    const cidr = blockOfAffinity(affinity);
    const block = IPAMBlock.get(blockName(cidr));
    const named = block && ownerOfBlock(block.spec);
    if (isSameOwner(named, ownerOfAffinity(affinity))) return [];
    return [
      `${affinity.metadata.name} is confirmed, the block names ${named?.name ?? (block ? 'nobody' : 'nothing')}`,
    ];
  });
}

/** A handle counts at least what it holds, so a release by handle finds everything. */
function lowCounts({ IPAMBlock, IPAMHandle }: Picture): string[] {
  const counted = new Map([...IPAMHandle.values()].map(({ spec }) => [spec.handleID, spec.block]));
  return [...IPAMBlock.values()].flatMap(({ spec }) =>
    [...countsByHandle(spec)].flatMap(([handle, held]) => {
      const count = counted.get(handle)?.[spec.cidr] ?? 0;
      return count >= held ? [] : [`handle ${handle} counts ${count} in ${spec.cidr} and holds ${held}`];
    }),
  );
}

/** Which handle holds the address, according to the store. */
export function holderOf(blocks: readonly IPAMBlock[], address: Address): string | undefined {
  const block = blocks.find(({ spec }) => containsAddress(spec.cidr, address))?.spec;
  return block && allocationAt(block, ordinalIn(block, address) as number)?.handle;
}
