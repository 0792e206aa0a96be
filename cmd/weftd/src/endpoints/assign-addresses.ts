/**
 * The addresses of one container: any of each family it wants, or exactly those it names. All or none.
 */
import { type AttachRequest, type Refusal, refuse } from '@weft/control';
import { type Address, parseAddress } from '@weft/ip';
import { type AssignIpRequest, type Ipam, workloadHandle } from '@weft/ipam';

/** What the allocator is used for. */
export type AllocatorUse = 'attach' | 'detach' | 'reclaim';

/** The network's name in handles of endpoints that CNI did not make. */
const ownNetwork = 'weft';

/** An id that no two containers share, as runtimes draw them. */
const drawnId = /^[0-9a-f]{64}$/;

/**
 * The handle under which everything of one endpoint is held and released. The node is part of it, so that nobody releases
 * what an endpoint of the same id holds on another node.
 *
 * Where the container's id was drawn, and its interface is the one that Calico knows, it is Calico's: `<network>.<container id>`;
 * then either releases what the other has assigned, while a cluster moves from one to the other.
 */
export function handleOf(node: string, id: string): string {
  const [network, containerId, interfaceName] = id.split(':');
  if (network === undefined || containerId === undefined) return workloadHandle(ownNetwork, `${node}.${id}`);
  if (interfaceName === 'eth0' && drawnId.test(containerId)) return workloadHandle(network, containerId);
  const rest = [containerId, interfaceName].filter((part) => part !== undefined);
  return workloadHandle(network, [node, ...rest].join('.'));
}

/** The attribute of an address whose handle does not name the node: the id of its endpoint. */
export const ENDPOINT_ATTRIBUTE = 'weft.dev/endpoint-id';

/** The endpoint's id of a handle that names this node; undefined for any other. */
export function endpointIdOfHandle(node: string, handle: string): string | undefined {
  const prefix = workloadHandle(ownNetwork, `${node}.`);
  return handle.startsWith(prefix) ? handle.slice(prefix.length) : undefined;
}

/** Assigns the addresses. A refusal has left nothing behind. Throws DatastoreError. */
export function assignAddresses(
  ipam: Ipam,
  node: string,
  id: string,
  request: AttachRequest,
): Promise<readonly Address[] | Refusal> {
  const origin = {
    node,
    handle: handleOf(node, id),
    intendedUse: 'Workload',
    attributes: attributesOf(node, id, request),
  } as const;
  return assignFor(ipam, origin, id, request);
}

/** Who will hold the addresses, and what is stored with them. */
export type Origin = Omit<AssignIpRequest, 'address'> & { readonly intendedUse: 'Workload' };

/** Which addresses are wanted. */
export type WantedAddresses = Pick<AttachRequest, 'families' | 'pools4' | 'pools6' | 'addresses'>;

/** Assigns the addresses under any handle, all or none. Throws DatastoreError. */
export function assignFor(
  ipam: Ipam,
  origin: Origin,
  id: string,
  wanted: WantedAddresses,
): Promise<readonly Address[] | Refusal> {
  return wanted.addresses === undefined
    ? assignAny(ipam, origin, id, wanted)
    : assignNamed(ipam, origin, id, wanted.addresses);
}

// As Calico stores them: `pod` and `namespace` of a Kubernetes pod; other workloads have a name only.
function attributesOf(
  node: string,
  id: string,
  { pod, namespace, workload, containerId }: AttachRequest,
): Record<string, string> {
  const isPod = pod !== undefined && namespace !== undefined;
  const isNamedByHandle = endpointIdOfHandle(node, handleOf(node, id)) !== undefined;
  return {
    node,
    ...(isPod ? { pod, namespace } : { workload: workload ?? containerId }),
    ...(isNamedByHandle ? {} : { [ENDPOINT_ATTRIBUTE]: id }),
  };
}

async function assignAny(
  ipam: Ipam,
  origin: Origin,
  id: string,
  request: WantedAddresses,
): Promise<readonly Address[] | Refusal> {
  const outcome = await ipam.autoAssign({
    ...origin,
    num4: request.families.includes('ipv4') ? 1 : 0,
    num6: request.families.includes('ipv6') ? 1 : 0,
    ...(request.pools4 === undefined ? {} : { pools4: request.pools4 }),
    ...(request.pools6 === undefined ? {} : { pools6: request.pools6 }),
  });
  return outcome.kind === 'assigned' ? outcome.addresses.map(({ address }) => address) : refused(outcome, id);
}

async function assignNamed(
  ipam: Ipam,
  origin: Origin,
  id: string,
  wanted: readonly string[],
): Promise<readonly Address[] | Refusal> {
  const addresses: Address[] = [];
  for (const text of wanted) {
    const address = await assignOne(ipam, origin, id, text);
    if (typeof address !== 'string') {
      await ipam.releaseByHandle(origin.handle);
      return address;
    }
    addresses.push(address);
  }
  return addresses;
}

async function assignOne(ipam: Ipam, origin: Origin, id: string, text: string): Promise<Address | Refusal> {
  const parsed = parseAddress(text);
  if (!parsed.ok) return refuse('invalid-request', parsed.reason, text, 'Write it as 10.0.0.5 or fd00::5.');
  const outcome = await ipam.assignIp({ ...origin, address: parsed.value });
  return outcome.kind === 'assigned' ? parsed.value : refused(outcome, id);
}

function refused(outcome: { readonly what: string; readonly next: string }, id: string): Refusal {
  return refuse('no-address', outcome.what, id, outcome.next);
}
