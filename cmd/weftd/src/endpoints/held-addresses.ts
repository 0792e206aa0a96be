/**
 * Addresses that are held before their container is there: Docker asks for the address first and for the endpoint afterwards,
 * and gives the address back on its own. Each is held under a handle of its own, which no endpoint releases.
 *
 * This daemon is the only one that holds addresses for its node, so what it read at its start and did since is the truth.
 */
import {
  type AddressHold,
  type AddressRelease,
  type AddressRequest,
  isRefusal,
  type Refusal,
  refuse,
} from '@weft/control';
import type { Datastore } from '@weft/datastore';
import { type Address, address, familyOf, type Prefix } from '@weft/ip';
import { addressAt, type Ipam, ordinalsOfHandle, workloadHandle } from '@weft/ipam';
import { blockName, type IPAMHandle } from '@weft/resources';
import { getReadable } from '../store/unreadable.ts';
import type { AllocatorUse } from './assign-addresses.ts';
import { assignFor } from './assign-addresses.ts';
import { Turns } from './turns.ts';

/** For how long an address may be held without a container, in ms. dockerd makes the endpoint in the same breath. */
export const UNUSED_HOLD_MS: number = 5 * 60_000;

/** What holding needs from the daemon. */
export interface HeldAddressesOptions {
  readonly nodeName: string;
  readonly store: Datastore;
  readonly ipam: Readonly<Record<AllocatorUse, Ipam>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Hold {
  readonly id: string;
  /** The endpoint that has it, or since when none has. */
  use: { readonly endpoint: string } | { readonly unusedSince: number };
}

/** The held addresses of one node. */
export class HeldAddresses {
  readonly #options: HeldAddressesOptions;
  readonly #holds = new Map<Address, Hold>();
  readonly #turns = new Turns();

  constructor(options: HeldAddressesOptions) {
    this.#options = options;
  }

  /** Reads what an earlier weftd of this node held. Throws DatastoreError. */
  async load(endpointOf: (address: Address) => string | undefined): Promise<void> {
    const { nodeName, now, store } = this.#options;
    for (const handle of (await store.list('IPAMHandle')).items) {
      const id = holdIdOfHandle(nodeName, handle.spec.handleID);
      if (id === undefined) continue;
      for (const held of await addressesOf(store, handle)) {
        const endpoint = endpointOf(held);
        const use = endpoint === undefined ? { unusedSince: now() } : { endpoint };
        this.#holds.set(held, { id, use });
      }
    }
  }

  /** Holds an address; under an id that holds one already, that one. Throws DatastoreError. */
  hold(id: string, request: AddressRequest): Promise<AddressHold | Refusal> {
    return this.#turns.run([id], async () => {
      const known = [...this.#holds].find(([, hold]) => hold.id === id)?.[0];
      return known === undefined ? this.#holdNew(id, request) : holdAgain(id, request, known);
    });
  }

  async #holdNew(id: string, request: AddressRequest): Promise<AddressHold | Refusal> {
    const { family, address: wanted, pools } = request;
    const { ipam, nodeName, now } = this.#options;
    if (wanted !== undefined && familyOf(address(wanted)) !== (family === 'ipv4' ? 4 : 6))
      return refuse('invalid-request', `${wanted} is no ${family} address`, id, 'Correct the request.');
    const origin = { node: nodeName, handle: holdHandleOf(nodeName, id), attributes: { node: nodeName } };
    const assigned = await assignFor(ipam.attach, { ...origin, intendedUse: 'Workload' }, id, {
      families: [family],
      ...(wanted === undefined ? {} : { addresses: [wanted] }),
      ...(family === 'ipv4' ? { pools4: pools } : { pools6: pools }),
    });
    if (isRefusal(assigned)) return assigned;
    const [held] = assigned as [Address];
    this.#holds.set(held, { id, use: { unusedSince: now() } });
    return { kind: 'held', id, address: held };
  }

  /** Gives an address back, unless an endpoint has it. Throws DatastoreError; it can be repeated then. */
  async release(released: Address): Promise<AddressRelease | Refusal> {
    const hold = this.#holds.get(released);
    if (hold === undefined) return { kind: 'not-held', address: released };
    if ('endpoint' in hold.use)
      return refuse(
        'conflict',
        `the endpoint ${hold.use.endpoint} has it`,
        released,
        'Detach that endpoint first.',
      );
    return this.#giveBack(released, hold, 'detach');
  }

  /** Forgets it first, so that no endpoint takes it over meanwhile. */
  async #giveBack(released: Address, hold: Hold, use: AllocatorUse): Promise<AddressRelease | Refusal> {
    const { ipam, nodeName } = this.#options;
    this.#holds.delete(released);
    let isReleased = false;
    try {
      const { kind } = await ipam[use].releaseByHandle(holdHandleOf(nodeName, hold.id));
      isReleased = kind !== 'contention';
    } finally {
      if (!isReleased) this.#holds.set(released, hold);
    }
    if (isReleased) return { kind: 'released', address: released };
    return refuse(
      'unavailable',
      'other writers changed its block at every attempt',
      released,
      'Release it again.',
    );
  }

  /** Marks addresses as an endpoint's, all or none. */
  take(endpoint: string, addresses: readonly Address[]): Refusal | undefined {
    for (const wanted of addresses) {
      const use = this.#holds.get(wanted)?.use;
      if (use === undefined)
        return refuse(
          'conflict',
          `${wanted} is not held on this node`,
          endpoint,
          'Ask for an address first.',
        );
      if ('endpoint' in use && use.endpoint !== endpoint)
        return refuse(
          'conflict',
          `${wanted} is the address of ${use.endpoint}`,
          endpoint,
          'Detach that one first.',
        );
    }
    for (const wanted of addresses) this.#setUse(wanted, { endpoint });
    return undefined;
  }

  /** The endpoint is gone; what it had stays held until it is released. */
  letGo(endpoint: string): void {
    for (const [held, { use }] of this.#holds)
      if ('endpoint' in use && use.endpoint === endpoint)
        this.#setUse(held, { unusedSince: this.#options.now() });
  }

  #setUse(held: Address, use: Hold['use']): void {
    const hold = this.#holds.get(held);
    if (hold !== undefined) hold.use = use;
  }

  /**
   * Gives back what nobody used for `UNUSED_HOLD_MS`: whoever asked for it has died before it made an endpoint, or before it
   * released the address. Throws DatastoreError.
   */
  async reclaim(): Promise<Address[]> {
    const since = this.#options.now() - UNUSED_HOLD_MS;
    const isUnused = ({ use }: Hold): boolean => 'unusedSince' in use && use.unusedSince <= since;
    const reclaimed: Address[] = [];
    for (const [held, hold] of [...this.#holds]) {
      // Looked at only now: while the one before went back, a container may have taken this one.
      if (!isUnused(hold) || this.#holds.get(held) !== hold) continue;
      if (!isRefusal(await this.#giveBack(held, hold, 'reclaim'))) reclaimed.push(held);
    }
    return reclaimed;
  }
}

function holdAgain(id: string, request: AddressRequest, known: Address): AddressHold | Refusal {
  const isOther = request.address !== undefined && address(request.address) !== known;
  if (isOther) return refuse('conflict', `it holds ${known} already`, id, 'Use another id.');
  return { kind: 'already-held', id, address: known };
}

/** The node is part of it, so that nobody releases what another node holds under the same id. */
function holdHandleOf(node: string, id: string): string {
  return workloadHandle('weft-held', `${node}.${id}`);
}

function holdIdOfHandle(node: string, handle: string): string | undefined {
  const prefix = holdHandleOf(node, '');
  return handle.startsWith(prefix) ? handle.slice(prefix.length) : undefined;
}

async function addressesOf(store: Datastore, { spec }: IPAMHandle): Promise<Address[]> {
  const addresses: Address[] = [];
  for (const cidr of Object.keys(spec.block)) {
    const block = await getReadable(store, { kind: 'IPAMBlock', name: blockName(cidr as Prefix) });
    if (block === undefined) continue;
    const ordinals = ordinalsOfHandle(block.spec, spec.handleID);
    addresses.push(...ordinals.map((ordinal) => addressAt(block.spec, ordinal)));
  }
  return addresses;
}
