/**
 * A candidate as a peer of the speaker.
 */
import { type Address, familyOf } from '@weft/ip';
import type { SecretKeySource } from '@weft/resources';
import type { NextHopAddresses, PeerConfig } from 'bgp-speaker-ts';
import type { BgpNode } from '../bgp-node.ts';
import type { PeerPolicies } from '../policy.ts';
import { bfdConfig } from './bfd.ts';
import type { Candidate, SessionType } from './candidate.ts';
import type { SessionTimes } from './session-times.ts';

/** TTL towards peers, who may be several hops away. Source: Calico (BIRD multihop). */
const multihopTtl = 64;

/**
 * Wait between attempts to connect. Departs from Calico, which waits 5 s: an attempt costs a packet, and it is the time for
 * which a node that has just started is not heard.
 */
const connectRetryTimeSeconds = 1;

/**
 * What a workload may announce in a family: what lies behind one pod is far less, and a pod must not fill the memory of weftd and
 * the host's tables. Departs from Calico, which sets no limit.
 */
const WORKLOAD_LIMIT: PeerConfig['maxPrefix'] = { prefixes: 1_000, action: 'restart' };

const namePrefixes: Readonly<Record<SessionType, string>> = {
  'node-to-node mesh': 'Mesh',
  global: 'Global',
  'node specific': 'Node',
  'local workload': 'Local_Workload',
};

/** The peer, or why it cannot be one. */
export type PeerOutcome =
  | { readonly kind: 'peer'; readonly config: PeerConfig; readonly reason: string }
  | { readonly kind: 'left-out'; readonly reason: string; readonly lacksPassword?: true };

/** What a peer is made of besides the candidate. */
export interface PeerSurroundings {
  readonly own: BgpNode;
  readonly policies: PeerPolicies;
  readonly secrets: ReadonlyMap<string, string>;
}

/** Makes the peer. */
export function peerOutcome(candidate: Candidate, { own, policies, secrets }: PeerSurroundings): PeerOutcome {
  const { address, interface: link, options } = candidate;
  const localAddress = link === undefined ? own.addresses[familyOf(address)] : undefined;
  const obstacle = link === undefined ? whyNotFrom(localAddress, candidate, own) : undefined;
  if (obstacle !== undefined) return { kind: 'left-out', reason: obstacle };
  const password = passwordOf(options.password, secrets);
  if (password.kind === 'missing') return { kind: 'left-out', reason: password.reason, lacksPassword: true };
  const passive = isPassive(candidate, localAddress);
  const { importPolicy, exportPolicy } = policies;
  const watched = bfdConfig(candidate, own);
  const config: PeerConfig = {
    address,
    ...(link !== undefined && { interface: link }),
    ...(candidate.port !== undefined && { port: candidate.port }),
    asn: candidate.asn,
    ...(options.sourceAddress !== 'None' && localAddress !== undefined && { localAddress }),
    ...(options.localASNumber !== undefined && localAs(options.localASNumber)),
    passive,
    connectRetryTimeSeconds,
    ...times(options),
    families: candidate.families,
    ...addPath(candidate, own),
    nextHop: nextHopMode(candidate, own),
    // On a link without addresses the only next hop is our end of the connection.
    nextHopAddresses: link === undefined ? nextHopAddresses(candidate.workload?.host, own) : {},
    ...(candidate.workload !== undefined && { behindUs: true, maxPrefix: WORKLOAD_LIMIT }),
    ...routeReflection(candidate, own),
    ...(password.text !== undefined && { password: password.text }),
    ...hops(candidate),
    ...(options.numAllowedLocalASNumbers && { allowLocalAsn: options.numAllowedLocalASNumbers }),
    ...watched,
    importPolicy,
    exportPolicy,
    description: sessionName(candidate),
  };
  return { kind: 'peer', config, reason: reasonOf(candidate, localAddress, policies, watched) };
}

/**
 * A reflector tells its clients all ways, so that those as good as each other become one multipath route; source: Calico. Departs
 * from Calico between reflectors: each would tell the others what it has by way of every other, and ten of them had as many
 * paths to a block as there are walks through ten. So they tell each other the best way alone. One of Calico's cannot be told
 * to, and has no ADD-PATH.
 */
function addPath({ node }: Candidate, own: BgpNode): Pick<PeerConfig, 'addPath' | 'addPathBestOnly'> {
  if (own.clusterId === undefined || node?.clusterId === undefined) return { addPath: 'both' };
  return node.isWeft ? { addPath: 'both', addPathBestOnly: true } : {};
}

function whyNotFrom(
  localAddress: Address | undefined,
  { address, port }: Candidate,
  own: BgpNode,
): string | undefined {
  if (localAddress === undefined) return `this node has no IPv${familyOf(address)} address to peer from`;
  const isThisNode = address === localAddress && (port ?? own.port) === own.port;
  return isThisNode ? `${address} is this node` : undefined;
}

function hops({ interface: link, options }: Candidate): Pick<PeerConfig, 'ttlSecurityHops' | 'multihop'> {
  if (options.ttlSecurity) return { ttlSecurityHops: options.ttlSecurity };
  return link === undefined ? { multihop: multihopTtl } : {};
}

/** As Calico names the protocol in BIRD: `Mesh_10_0_0_2`, `Global_10_0_0_9_port_1179`; `Global_eth1` for an interface. */
export function sessionName({ address, interface: link, port, type }: Candidate): string {
  const name = `${namePrefixes[type]}_${link ?? address.replaceAll(/[.:]/g, '_')}`;
  return port === undefined || port === 179 || type === 'node-to-node mesh' ? name : `${name}_port_${port}`;
}

/**
 * Between two nodes the one with the lesser address waits, compared as text, so that exactly one opens the connection.
 *
 * Source: Calico, for the mesh and for peers of all nodes that are named by address. Departs from Calico: we do so for
 * every session with a node. The other end is a node too: if it is Calico's it opens, and if it is weft's it decides the
 * same from its side. A workload always opens, since it alone knows when it is ready to speak. Source: Calico.
 */
function isPassive({ address, node, workload }: Candidate, localAddress: Address | undefined): boolean {
  if (workload !== undefined) return true;
  return node !== undefined && localAddress !== undefined && address > localAddress;
}

/** Our own AS number stays hidden, in both directions. Source: Calico (BIRD's local as). */
function localAs(localAsn: number): Pick<PeerConfig, 'localAsn' | 'localAsnNoPrepend' | 'localAsnReplaceAs'> {
  return { localAsn, localAsnNoPrepend: true, localAsnReplaceAs: true };
}

function isInternal({ asn, options }: Candidate, own: BgpNode): boolean {
  return asn === 'internal' || asn === (options.localASNumber ?? own.asn);
}

function nextHopMode(candidate: Candidate, own: BgpNode): PeerConfig['nextHop'] {
  const { nextHopMode: mode, keepOriginalNextHop } = candidate.options;
  if (mode === 'Self') return 'self';
  if (mode === 'Keep') return 'keep';
  // The deprecated field has a meaning for external peers only. Source: Calico.
  return mode === undefined && keepOriginalNextHop && !isInternal(candidate, own) ? 'keep' : 'auto';
}

/** A workload knows this node by its address on the workload's interface. */
function nextHopAddresses(host: Address | undefined, { addresses }: BgpNode): NextHopAddresses {
  if (host !== undefined) return familyOf(host) === 4 ? { ipv4: host } : { ipv6: host };
  return {
    ...(addresses[4] !== undefined && { ipv4: addresses[4] }),
    ...(addresses[6] !== undefined && { ipv6: addresses[6] }),
  };
}

function times({
  keepaliveTimeSeconds,
  restartTimeSeconds,
}: SessionTimes): Pick<PeerConfig, 'keepaliveTimeSeconds' | 'restartTimeSeconds'> {
  return {
    ...(keepaliveTimeSeconds !== undefined && { keepaliveTimeSeconds }),
    ...(restartTimeSeconds !== undefined && { restartTimeSeconds }),
  };
}

/**
 * A reflector's internal peers are its clients, except reflectors of its own cluster. Source: Calico. The cluster is said for each
 * client and not for the speaker, so that nothing is refused by it before there are clients (`hand-over.ts`).
 */
function routeReflection(
  candidate: Candidate,
  own: BgpNode,
): Pick<PeerConfig, 'routeReflectorClient' | 'clusterId'> {
  const { clusterId } = own;
  if (clusterId === undefined || !isInternal(candidate, own) || candidate.node?.clusterId === clusterId)
    return {};
  return { routeReflectorClient: true, clusterId };
}

/** The password of a session, once it is looked up. */
export type Password =
  | { readonly kind: 'known'; readonly text?: string }
  | { readonly kind: 'missing'; readonly reason: string };

/** Without its password the session is left out: it must not come up without one. */
export function passwordOf(
  source: SecretKeySource | undefined,
  secrets: ReadonlyMap<string, string>,
): Password {
  const reference = source?.secretKeyRef;
  if (reference === undefined) return { kind: 'known' };
  const text = secrets.get(`${reference.name}/${reference.key}`);
  if (text !== undefined) return { kind: 'known', text };
  if (reference.optional) return { kind: 'known' };
  return {
    kind: 'missing',
    reason: `its password is not known; create the secret ${reference.name} with the key ${reference.key}`,
  };
}

function reasonOf(
  candidate: Candidate,
  localAddress: Address | undefined,
  { missingFilters }: PeerPolicies,
  { bfd }: Pick<PeerConfig, 'bfd'>,
): string {
  const { askedBy, interface: link, node, options } = candidate;
  const named = link === undefined ? 'names it' : `names ${link}, where it has been heard`;
  const who = node === undefined ? `${askedBy} ${named}` : `${askedBy} has it with ${node.name}`;
  const opens = whoOpens(candidate, localAddress);
  const watch = bfd && `BFD over ${bfd.multihop ? 'several hops' : 'one hop'}`;
  const notes = [
    ...(watch ? [watch] : []),
    ...missingFilters.map((name) => `there is no BGPFilter ${name}`),
    ...options.notes,
  ];
  return [who, opens, ...notes].join('; ');
}

function whoOpens(candidate: Candidate, localAddress: Address | undefined): string {
  const { address, node, workload } = candidate;
  if (workload !== undefined) return `it opens the connection, to ${workload.host} on ${workload.interface}`;
  if (node === undefined) return 'both ends open';
  return isPassive(candidate, localAddress)
    ? `it opens the connection, since ${address} > ${localAddress} as text`
    : `we open the connection, since ${localAddress} > ${address} as text`;
}
