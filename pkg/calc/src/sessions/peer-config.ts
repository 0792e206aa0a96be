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

const namePrefixes: Readonly<Record<SessionType, string>> = {
  'node-to-node mesh': 'Mesh',
  global: 'Global',
  'node specific': 'Node',
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
  const { address, options } = candidate;
  const family = familyOf(address);
  const localAddress = own.addresses[family];
  const isThisNode = address === localAddress && (candidate.port ?? own.port) === own.port;
  if (isThisNode) return { kind: 'left-out', reason: `${address} is this node` };
  if (localAddress === undefined)
    return { kind: 'left-out', reason: `this node has no IPv${family} address to peer from` };
  const password = passwordOf(options.password, secrets);
  if (password.kind === 'missing') return { kind: 'left-out', reason: password.reason, lacksPassword: true };
  const passive = isPassive(candidate, localAddress);
  const { importPolicy, exportPolicy } = policies;
  const watched = bfdConfig(candidate, own);
  const config: PeerConfig = {
    address,
    ...(candidate.port !== undefined && { port: candidate.port }),
    asn: candidate.asn,
    ...(options.sourceAddress !== 'None' && { localAddress }),
    ...(options.localASNumber !== undefined && localAs(options.localASNumber)),
    passive,
    connectRetryTimeSeconds,
    ...times(options),
    families: candidate.families,
    nextHop: nextHopMode(candidate, own),
    nextHopAddresses: nextHopAddresses(own),
    ...routeReflection(candidate, own),
    ...(password.text !== undefined && { password: password.text }),
    ...(options.ttlSecurity ? { ttlSecurityHops: options.ttlSecurity } : { multihop: multihopTtl }),
    ...(options.numAllowedLocalASNumbers && { allowLocalAsn: options.numAllowedLocalASNumbers }),
    ...watched,
    importPolicy,
    exportPolicy,
    description: sessionName(candidate),
  };
  return { kind: 'peer', config, reason: reasonOf(candidate, localAddress, policies, watched) };
}

/** As Calico names the protocol in BIRD: `Mesh_10_0_0_2`, `Global_10_0_0_9_port_1179`. */
export function sessionName({ address, port, type }: Candidate): string {
  const name = `${namePrefixes[type]}_${address.replaceAll(/[.:]/g, '_')}`;
  return port === undefined || port === 179 || type === 'node-to-node mesh' ? name : `${name}_port_${port}`;
}

/**
 * Between two nodes the one with the lesser address waits, compared as text, so that exactly one opens the connection.
 *
 * Source: Calico, for the mesh and for peers of all nodes that are named by address. Departs from Calico: we do so for
 * every session with a node. The other end is a node too: if it is Calico's it opens, and if it is weft's it decides the
 * same from its side.
 */
function isPassive({ address, node }: Candidate, localAddress: Address): boolean {
  return node !== undefined && address > localAddress;
}

/** Our own AS number stays hidden, in both directions. Source: Calico (BIRD's local as). */
function localAs(localAsn: number): Pick<PeerConfig, 'localAsn' | 'localAsnNoPrepend' | 'localAsnReplaceAs'> {
  return { localAsn, localAsnNoPrepend: true, localAsnReplaceAs: true };
}

function isInternal({ asn, options }: Candidate, own: BgpNode): boolean {
  return asn === (options.localASNumber ?? own.asn);
}

function nextHopMode(candidate: Candidate, own: BgpNode): PeerConfig['nextHop'] {
  const { nextHopMode: mode, keepOriginalNextHop } = candidate.options;
  if (mode === 'Self') return 'self';
  if (mode === 'Keep') return 'keep';
  // The deprecated field has a meaning for external peers only. Source: Calico.
  return mode === undefined && keepOriginalNextHop && !isInternal(candidate, own) ? 'keep' : 'auto';
}

function nextHopAddresses({ addresses }: BgpNode): NextHopAddresses {
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

/** A reflector's internal peers are its clients, except reflectors of its own cluster. Source: Calico. */
function routeReflection(
  candidate: Candidate,
  own: BgpNode,
): Pick<PeerConfig, 'routeReflectorClient' | 'clusterId'> {
  const { clusterId } = own;
  if (clusterId === undefined || !isInternal(candidate, own) || candidate.node?.clusterId === clusterId)
    return {};
  return { routeReflectorClient: true, clusterId };
}

type Password =
  | { readonly kind: 'known'; readonly text?: string }
  | { readonly kind: 'missing'; readonly reason: string };

/** Without its password the session is left out: it must not come up without one. */
function passwordOf(source: SecretKeySource | undefined, secrets: ReadonlyMap<string, string>): Password {
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
  localAddress: Address,
  { missingFilters }: PeerPolicies,
  { bfd }: Pick<PeerConfig, 'bfd'>,
): string {
  const { address, askedBy, node, options } = candidate;
  const who = node === undefined ? `${askedBy} names it` : `${askedBy} has it with ${node.name}`;
  const opens = isPassive(candidate, localAddress)
    ? `it opens the connection, since ${address} > ${localAddress} as text`
    : node === undefined
      ? 'both ends open'
      : `we open the connection, since ${localAddress} > ${address} as text`;
  const watch = bfd && `BFD over ${bfd.multihop ? 'several hops' : 'one hop'}`;
  const notes = [
    ...(watch ? [watch] : []),
    ...missingFilters.map((name) => `there is no BGPFilter ${name}`),
    ...options.notes,
  ];
  return [who, opens, ...notes].join('; ');
}
