/**
 * The containers of this node: gives each its addresses, its interface and its WorkloadEndpoint, and takes them back.
 * The CNI plugin, the Docker driver and the lab all come through here.
 */
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
import { DatastoreError } from '@weft/datastore';
import type { EndpointSpec, PluggedEndpoint } from '@weft/endpoint';
import { type Address, address, hostPrefix, networkAddress, type Parsed, type Prefix } from '@weft/ip';
import type { Ipam } from '@weft/ipam';
import type { WorkloadEndpoint } from '@weft/resources';
import { type AllocatorUse, assignAddresses, handleOf } from './assign-addresses.ts';
import { abandonedAttach, attachmentOf, portsNotPublished } from './attachment-of.ts';
import { endpointRecord, toEndpoint } from './endpoint-record.ts';
import { HeldAddresses } from './held-addresses.ts';
import { findOrphans } from './orphans.ts';
import { PortClaims } from './port-claims.ts';
import { RecordedEndpoints, type RecordedEndpointsOptions } from './recorded-endpoints.ts';
import { StuckInterfaces } from './stuck-interfaces.ts';
import { Turns } from './turns.ts';
import { Wiring, type WiringOptions } from './wiring.ts';

/** What plugging in needs from the daemon. */
export interface AttachmentsOptions extends WiringOptions, RecordedEndpointsOptions {
  /** The allocator, once for each thing that is done with it, so that the journal can tell them apart. */
  readonly ipam: Readonly<Record<AllocatorUse, Ipam>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
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
  readonly #endpoints: RecordedEndpoints;
  readonly #stuck: StuckInterfaces;
  readonly #ports = new PortClaims();
  readonly #turns = new Turns();
  readonly #wiring: Wiring;
  /** Addresses that wait for their container. */
  readonly held: HeldAddresses;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
    this.#endpoints = new RecordedEndpoints(options);
    this.#wiring = new Wiring(options);
    this.#stuck = new StuckInterfaces(this.#wiring);
    this.held = new HeldAddresses(options);
  }

  /** Reads what an earlier weftd of this node had plugged in. Throws DatastoreError. */
  async load(): Promise<void> {
    await this.#endpoints.load();
    for (const [id, endpoint] of this.#endpoints.entries()) this.#ports.adopt(id, endpoint);
    await this.held.load((address) => this.#withAddress(address));
  }

  #withAddress(address: Address): string | undefined {
    const network = hostPrefix(address);
    return this.#endpoints.idOf(({ spec }) => spec.ipNetworks?.includes(network) === true);
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
    return Array.from(this.#endpoints.entries(), ([, endpoint]) => endpoint);
  }

  /** Takes over the labels that somebody has given one of them since. */
  relabel(endpoint: WorkloadEndpoint): void {
    this.#endpoints.relabel(endpoint);
  }

  /** For the control API, sorted by id. */
  list(): Endpoint[] {
    return [...this.#endpoints.entries()]
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
    const { spec } = endpoint;
    const refusal =
      spec.interfaceName === undefined ? undefined : await this.#wiring.unplug(spec.interfaceName);
    if (refusal !== undefined) return refusal;
    await this.#endpoints.remove(id, endpoint);
    this.#ports.release(id);
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
    const older = this.#endpoints.idOf(
      ({ metadata, spec }) =>
        spec.pod === pod && metadata.namespace === namespace && spec.endpoint === interfaceName,
    );
    const endpoint = older === undefined ? undefined : this.#endpoints.get(older);
    if (older === undefined || endpoint === undefined) return undefined;
    return (await this.#takeOut(older, endpoint)) ?? (await this.#giveBack(older, 'detach'));
  }

  #refuseTaken(id: string, hostInterface: string): Refusal | undefined {
    const owner = this.#endpoints.idOf(({ spec }) => spec.interfaceName === hostInterface);
    return owner === undefined
      ? undefined
      : refuse('conflict', `its container is plugged in as ${owner}`, id, 'Detach that one first.');
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
    const refusal = await this.#endpoints.add(id, record.value);
    if (refusal === undefined) this.#stuck.recorded(record.value.spec.interfaceName ?? '');
    return refusal;
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
    const isOther = ({ spec }: WorkloadEndpoint, other: string): boolean =>
      other !== id && spec.containerID === containerId;
    return this.#endpoints.idOf(isOther) !== undefined;
  }

  /** While the interface is there its addresses stay held; a detach can be tried again. */
  async #takeBack(id: string, hostInterface: string): Promise<void> {
    if ((await this.#stuck.takeAway(id, hostInterface)) === undefined) await this.#giveBack(id, 'attach');
  }
}
