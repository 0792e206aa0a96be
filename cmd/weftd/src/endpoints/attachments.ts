/**
 * The containers of this node: gives each its addresses, its interface and its WorkloadEndpoint, and takes them back.
 * The CNI plugin, the Docker driver and the lab all come through here.
 *
 * This daemon is the only writer of its node's endpoints, so what it read at its start and did since is the truth; but for
 * their labels, which anybody may change.
 */
import { isDeepStrictEqual } from 'node:util';
import { publishedPorts } from '@weft/calc';
import {
  type Attachment,
  type AttachRequest,
  type Detachment,
  type Endpoint,
  isRefusal,
  type Refusal,
  refuse,
} from '@weft/control';
import { type Datastore, DatastoreError, keyText, type WriteOutcome } from '@weft/datastore';
import type { EndpointSpec, PluggedEndpoint } from '@weft/endpoint';
import { type Address, address, hostPrefix, networkAddress, type Parsed, type Prefix } from '@weft/ip';
import type { Ipam } from '@weft/ipam';
import type { WorkloadEndpoint } from '@weft/resources';
import { type AllocatorUse, assignAddresses, handleOf } from './assign-addresses.ts';
import { abandonedAttach, attachmentOf, portsNotPublished } from './attachment-of.ts';
import { endpointIdOf, endpointRecord, toEndpoint } from './endpoint-record.ts';
import { HeldAddresses } from './held-addresses.ts';
import { findOrphans } from './orphans.ts';
import { PortClaims } from './port-claims.ts';
import { StuckInterfaces } from './stuck-interfaces.ts';
import { Turns } from './turns.ts';
import { Wiring, type WiringOptions } from './wiring.ts';

/** What plugging in needs from the daemon. */
export interface AttachmentsOptions extends WiringOptions {
  readonly nodeName: string;
  readonly store: Datastore;
  /** The allocator, once for each thing that is done with it, so that the journal can tell them apart. */
  readonly ipam: Readonly<Record<AllocatorUse, Ipam>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** An endpoint came or went, so the desired state is another one. */
  readonly changed: () => void;
  /** Resolves when somebody out there knows the way to the addresses, or is not to be waited for. */
  readonly announced: (addresses: readonly Address[]) => Promise<void>;
  /** Resolves when published ports are as `changed` made them wanted, with the reason when they cannot be. */
  readonly portsPublished: () => Promise<string | undefined>;
  /** Resolves when no tracked connection leads to the addresses any more; `wasPublished`: ports of the host led there. */
  readonly flowsForgotten: (addresses: readonly Address[], wasPublished: boolean) => Promise<void>;
  /** Resolves when what a container sends is checked, or cannot be. */
  readonly sourcesGuarded: () => Promise<unknown>;
}

/** The endpoints of one node, by the id their creator chose. */
export class Attachments {
  readonly #options: AttachmentsOptions;
  readonly #endpoints = new Map<string, WorkloadEndpoint>();
  /** Those that are being recorded, by key, with what others have made of them meanwhile. */
  readonly #recording = new Map<string, WorkloadEndpoint | undefined>();
  readonly #stuck: StuckInterfaces;
  readonly #ports = new PortClaims();
  readonly #turns = new Turns();
  readonly #wiring: Wiring;
  /** Addresses that wait for their container. */
  readonly held: HeldAddresses;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
    this.#wiring = new Wiring(options);
    this.#stuck = new StuckInterfaces(this.#wiring);
    this.held = new HeldAddresses(options);
  }

  /** Reads what an earlier weftd of this node had plugged in. Throws DatastoreError. */
  async load(): Promise<void> {
    const { items } = await this.#options.store.list('WorkloadEndpoint');
    for (const endpoint of items) {
      // In Kubernetes every Pod is an endpoint: one that waits to be plugged in, or has ended, has no address.
      const isPluggedIn = (endpoint.spec.ipNetworks?.length ?? 0) > 0;
      if (!isPluggedIn || endpoint.spec.node !== this.#options.nodeName) continue;
      const id = endpointIdOf(endpoint);
      this.#endpoints.set(id, endpoint);
      this.#ports.adopt(id, endpoint);
    }
    await this.held.load((address) => this.#withAddress(address));
  }

  #withAddress(address: Address): string | undefined {
    const network = hostPrefix(address);
    for (const [id, { spec }] of this.#endpoints) if (spec.ipNetworks?.includes(network)) return id;
    return undefined;
  }

  /**
   * Gives back what an attach that died half-way had taken: addresses held for an endpoint that was never recorded. To be
   * called when all endpoints are loaded and nobody can attach yet, which is why flows are forgotten early enough after it.
   * Throws DatastoreError.
   *
   * @param ownBlocks the blocks of this node
   * @returns the ids of those endpoints
   */
  async reclaim(ownBlocks: readonly Prefix[]): Promise<string[]> {
    const { flowsForgotten, ipam, nodeName: node, store } = this.#options;
    const isEndpoint = (id: string): boolean => this.#endpoints.has(id);
    const orphans = await findOrphans({ store, node, ownBlocks, isEndpoint });
    for (const { handle } of orphans) {
      const release = await ipam.reclaim.releaseByHandle(handle);
      if (release.kind !== 'unknown-handle') await flowsForgotten(release.addresses, false);
    }
    return orphans.map(({ id }) => id);
  }

  /** The resources, for `calculate`. */
  resources(): WorkloadEndpoint[] {
    return [...this.#endpoints.values()];
  }

  /** Takes over the labels that somebody has given one of them since. */
  relabel(endpoint: WorkloadEndpoint): void {
    const { metadata, spec } = endpoint;
    const { labels = {} } = metadata;
    if (this.#recording.has(keyText(metadata))) this.#recording.set(keyText(metadata), endpoint);
    for (const [id, known] of this.#endpoints) {
      // One of that name for another container is what the next attach or detach is about.
      const isSame =
        keyText(known.metadata) === keyText(metadata) && known.spec.containerID === spec.containerID;
      if (!isSame || isDeepStrictEqual(known.metadata.labels ?? {}, labels)) continue;
      this.#endpoints.set(id, { ...known, metadata: { ...known.metadata, labels } });
      this.#options.changed();
    }
  }

  /** For the control API, sorted by id. */
  list(): Endpoint[] {
    return [...this.#endpoints]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([id, endpoint]) => toEndpoint(id, endpoint));
  }

  /** One of them, for the control API. */
  endpoint(id: string): Endpoint | Refusal {
    const endpoint = this.#endpoints.get(id);
    return endpoint === undefined
      ? refuse(
          'not-found',
          'no container is plugged in under this id',
          id,
          'See those there are: GET /v1/endpoints.',
        )
      : toEndpoint(id, endpoint);
  }

  /**
   * Plugs a container in; one that is plugged in already is repaired. Throws DatastoreError.
   *
   * @param abandoned nobody waits any more: a container that was not there before is taken out again
   */
  attach(id: string, request: AttachRequest, abandoned?: AbortSignal): Promise<Attachment | Refusal> {
    const hostInterface = this.#wiring.hostInterfaceOf(request);
    return this.#turns.run([id, hostInterface], () => {
      const known = this.#endpoints.get(id);
      if (known !== undefined) return this.#attachAgain(id, request, known);
      const isThere = (): boolean => this.#endpoints.has(id);
      return this.#ports.during(id, request, isThere, () => this.#attachNew(id, request, abandoned));
    });
  }

  /** What of an endpoint is not as that request makes it, each in words. An MTU that nobody asked for may be any. */
  differences(id: string, request: AttachRequest): readonly string[] | Refusal {
    const known = this.#endpoints.get(id);
    const { netns } = request;
    if (known === undefined || netns === undefined)
      return refuse(
        'not-found',
        'no container is plugged in under this id',
        id,
        'Remove it and start it again.',
      );
    const { ipNetworks = [], interfaceName = '', mac } = known.spec;
    const spec = this.#wiring.specOf({ mac, ...request }, interfaceName, ipNetworks.map(networkAddress));
    return this.#wiring.differences(spec, netns, request);
  }

  /** Resolves when nothing that was begun with an endpoint by now is under way. */
  settled(id: string): Promise<void> {
    return this.#turns.run([id], async () => undefined);
  }

  /** Whether anything is under way with an endpoint. */
  isUnderWay(id: string): boolean {
    return this.#turns.isTaken(id);
  }

  /** Whether anything has the addresses of an endpoint: its record, or an interface that could not be taken away. */
  isPluggedIn(id: string): boolean {
    return this.#endpoints.has(id) || this.#stuck.interfaceOf(id) !== undefined;
  }

  /** Takes a container out and gives its addresses back. Throws DatastoreError; it can be repeated then. */
  detach(id: string): Promise<Detachment | Refusal> {
    const interfaceName = this.#endpoints.get(id)?.spec.interfaceName ?? this.#stuck.interfaceOf(id);
    return this.#turns.run(interfaceName === undefined ? [id] : [id, interfaceName], async () => {
      const known = this.#endpoints.get(id);
      // Also for an unknown id: a request that died half-way may have left addresses under its handle.
      const takenOut = known === undefined ? this.#stuck.unplug(id) : this.#takeOut(id, known);
      const refusal = (await takenOut) ?? (await this.#giveBack(id, 'detach'));
      if (refusal !== undefined) return refusal;
      return known === undefined
        ? { kind: 'not-attached', id, addresses: [] }
        : { kind: 'detached', id, addresses: [...(known.spec.ipNetworks ?? [])] };
    });
  }

  /** The interface, then the record, then what Linux tracks: while any is there, nobody else may be given the addresses. */
  async #takeOut(id: string, endpoint: WorkloadEndpoint): Promise<Refusal | undefined> {
    const { metadata, spec } = endpoint;
    const refusal =
      spec.interfaceName === undefined ? undefined : await this.#wiring.unplug(spec.interfaceName);
    if (refusal !== undefined) return refusal;
    const { name, namespace } = metadata;
    await this.#options.store.delete({
      kind: 'WorkloadEndpoint',
      name,
      ...(namespace === undefined ? {} : { namespace }),
    });
    this.#endpoints.delete(id);
    this.#ports.release(id);
    this.#options.changed();
    const addresses = (spec.ipNetworks ?? []).map(networkAddress);
    await this.#options.flowsForgotten(addresses, publishedPorts(endpoint).length > 0);
    return undefined;
  }

  async #giveBack(id: string, use: AllocatorUse): Promise<Refusal | undefined> {
    this.held.letGo(id);
    const { kind } = await this.#options.ipam[use].releaseByHandle(handleOf(this.#options.nodeName, id));
    if (kind !== 'contention') return undefined;
    return refuse('unavailable', 'other writers changed its blocks at every attempt', id, 'Detach it again.');
  }

  async #attachNew(
    id: string,
    request: AttachRequest,
    abandoned?: AbortSignal,
  ): Promise<Attachment | Refusal> {
    const start = performance.now();
    const hostInterface = this.#wiring.hostInterfaceOf(request);
    const inTheWay = (await this.#replaceSandbox(request)) ?? this.#refuseTaken(id, hostInterface);
    if (inTheWay !== undefined) return inTheWay;
    const addresses = await this.#addressesFor(id, request);
    if (isRefusal(addresses)) return addresses;
    const assigned = performance.now();
    const spec = this.#wiring.specOf(request, hostInterface, addresses);
    await this.#options.sourcesGuarded();
    const plugged = this.#wiring.plug(spec);
    if (isRefusal(plugged)) {
      await this.#giveBack(id, 'attach');
      return plugged;
    }
    const wired = performance.now();
    const failed = (await this.#record(id, request, spec, plugged)) ?? (await this.#publish(id, request));
    if (failed !== undefined) return failed;
    await this.#options.announced(addresses);
    if (abandoned?.aborted) return this.#undo(id, abandonedAttach(id));
    const timing = {
      ipamMilliseconds: assigned - start,
      wiringMilliseconds: wired - assigned,
      totalMilliseconds: performance.now() - start,
    };
    return attachmentOf('attached', id, spec, plugged, timing);
  }

  async #addressesFor(id: string, request: AttachRequest): Promise<readonly Address[] | Refusal> {
    const { ipam, nodeName } = this.#options;
    const addresses = (request.addresses ?? []).map(address);
    if (request.heldAddresses) return this.held.take(id, addresses) ?? addresses;
    if (request.foreignAddresses) return this.#refuseInUse(id, addresses) ?? addresses;
    return assignAddresses(ipam.attach, nodeName, id, request);
  }

  /** What IPAM does not know of must not lead to two containers. */
  #refuseInUse(id: string, addresses: readonly Address[]): Refusal | undefined {
    for (const wanted of addresses) {
      const owner = this.#withAddress(wanted);
      if (owner !== undefined)
        return refuse(
          'no-address',
          `${wanted} is the address of ${owner}`,
          id,
          'Choose another, or detach that one.',
        );
    }
    return undefined;
  }

  /** A Pod whose sandbox died gets a new one under a new container id, often before anybody removed the old one. */
  async #replaceSandbox({ interfaceName, namespace, pod }: AttachRequest): Promise<Refusal | undefined> {
    if (pod === undefined || namespace === undefined) return undefined;
    for (const [id, endpoint] of this.#endpoints) {
      const { metadata, spec } = endpoint;
      if (spec.pod !== pod || metadata.namespace !== namespace || spec.endpoint !== interfaceName) continue;
      return (await this.#takeOut(id, endpoint)) ?? (await this.#giveBack(id, 'detach'));
    }
    return undefined;
  }

  #refuseTaken(id: string, hostInterface: string): Refusal | undefined {
    for (const [owner, { spec }] of this.#endpoints) {
      if (spec.interfaceName === hostInterface)
        return refuse('conflict', `its container is plugged in as ${owner}`, id, 'Detach that one first.');
    }
    return undefined;
  }

  async #attachAgain(
    id: string,
    request: AttachRequest,
    known: WorkloadEndpoint,
  ): Promise<Attachment | Refusal> {
    const start = performance.now();
    const addresses = (known.spec.ipNetworks ?? []).map(networkAddress);
    const hostInterface = known.spec.interfaceName ?? this.#wiring.hostInterfaceOf(request);
    // Where somebody else has moved the interface, only the record knows its MAC.
    const spec = this.#wiring.specOf({ mac: known.spec.mac, ...request }, hostInterface, addresses);
    const plugged = this.#wiring.plug(spec);
    if (isRefusal(plugged)) return plugged;
    const reason = request.ports?.length ? await this.#options.portsPublished() : undefined;
    if (reason !== undefined) return portsNotPublished(id, reason);
    await this.#options.announced(addresses);
    const wiringMilliseconds = performance.now() - start;
    const timing = { ipamMilliseconds: 0, wiringMilliseconds, totalMilliseconds: wiringMilliseconds };
    return attachmentOf('already-attached', id, spec, plugged, timing);
  }

  /** Writes the WorkloadEndpoint; when that cannot be, the container is taken out again. */
  async #record(
    id: string,
    request: AttachRequest,
    spec: EndpointSpec,
    plugged: PluggedEndpoint,
  ): Promise<Refusal | undefined> {
    let refusal: Refusal | undefined;
    try {
      refusal = await this.#write(id, endpointRecord(this.#options.nodeName, id, request, spec, plugged));
    } catch (error) {
      await this.#takeBack(id, spec.hostInterface);
      // Where something else makes what an endpoint lies in (a Pod), it may be gone meanwhile.
      if (error instanceof DatastoreError && error.code === 'invalid-resource')
        return refuse('not-found', error.message, id, 'Start the container again.');
      throw error;
    }
    if (refusal !== undefined) await this.#takeBack(id, spec.hostInterface);
    return refusal;
  }

  async #write(id: string, record: Parsed<WorkloadEndpoint>): Promise<Refusal | undefined> {
    if (!record.ok) return refuse('invalid-request', record.reason, id, 'Correct the request.');
    const key = keyText(record.value.metadata);
    this.#recording.set(key, undefined);
    try {
      const outcome = await this.#create(record.value);
      if (outcome.kind !== 'written') {
        const hint = 'Detach the other one first, or use another id.';
        return refuse('conflict', 'a WorkloadEndpoint of that name exists', id, hint);
      }
      this.#endpoints.set(id, outcome.resource);
      this.#stuck.recorded(outcome.resource.spec.interfaceName ?? '');
      const changed = this.#recording.get(key);
      if (changed !== undefined) this.relabel(changed);
    } finally {
      this.#recording.delete(key);
    }
    this.#options.changed();
    return undefined;
  }

  /**
   * A record of this node that this daemon does not know is left from a write whose answer was lost, which counted as not
   * done: it gives way.
   */
  async #create(record: WorkloadEndpoint): Promise<WriteOutcome<'WorkloadEndpoint'>> {
    const { nodeName, store } = this.#options;
    const outcome = await store.create(record);
    if (outcome.kind !== 'already-exists') return outcome;
    const { name, namespace } = record.metadata;
    const key = {
      kind: 'WorkloadEndpoint',
      name,
      ...(namespace === undefined ? {} : { namespace }),
    } as const;
    const there = await store.get(key);
    const isOurs = there !== undefined && there.spec.node === nodeName;
    if (!isOurs || this.#endpoints.has(endpointIdOf(there))) return outcome;
    await store.delete(key, there.metadata.resourceVersion);
    return store.create(record);
  }

  /** Who asked for ports counts on them: without them the container is taken out again. */
  async #publish(id: string, { containerId, ports = [] }: AttachRequest): Promise<Refusal | undefined> {
    const waits = ports.length > 0 || this.#hasOther(id, containerId);
    const reason = waits ? await this.#options.portsPublished() : undefined;
    if (reason === undefined || ports.length === 0) return undefined;
    return this.#undo(id, portsNotPublished(id, reason));
  }

  /** Takes out what was just plugged in and recorded; the refusal is why, or what keeps it in. Throws DatastoreError. */
  async #undo(id: string, why: Refusal): Promise<Refusal> {
    const endpoint = this.#endpoints.get(id);
    const stuck = endpoint && (await this.#takeOut(id, endpoint));
    return stuck ?? (await this.#giveBack(id, 'attach')) ?? why;
  }

  /** The container has another interface, by which it may send from the addresses of this one. */
  #hasOther(id: string, containerId: string): boolean {
    for (const [other, { spec }] of this.#endpoints)
      if (other !== id && spec.containerID === containerId) return true;
    return false;
  }

  /** While the interface is there its addresses stay held; a detach can be tried again. */
  async #takeBack(id: string, hostInterface: string): Promise<void> {
    if ((await this.#stuck.takeAway(id, hostInterface)) === undefined) await this.#giveBack(id, 'attach');
  }
}
