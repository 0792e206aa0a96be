/** What the words on the command line mean: an address, a prefix, a pod or a peer. Pure. */

import { type Snapshot, workloadName } from '@weft/explain';
import { type Address, hostPrefix, type Prefix, parseAddress, parsePrefix } from '@weft/ip';
import {
  type BGPPeer,
  nearest,
  nodeAddresses,
  parsePeerAddress,
  type WorkloadEndpoint,
} from '@weft/resources';
import { CliError, usageError } from '../failure.ts';

/** What is to be explained. */
export type Target =
  | {
      readonly kind: 'destination';
      readonly destinations: readonly Prefix[];
      readonly pod?: WorkloadEndpoint;
    }
  | { readonly kind: 'peer'; readonly peers: readonly Address[]; readonly node?: string };

/** What names may mean. */
export interface Names extends Snapshot {
  readonly bgpPeers: readonly BGPPeer[];
}

/** Reads the destination. An address of a speaker means its session; of a pod every address is meant. */
export function readTarget(text: string, names: Names): Target {
  if (text.includes('/') && /^[\d.]+\/|:/.test(text)) return prefixTarget(text);
  const parsed = parseAddress(text);
  if (parsed.ok) return addressTarget(parsed.value, names);
  const node = names.nodes.find(({ metadata }) => metadata.name === text);
  const pods = podsNamed(text, names.workloads);
  if (node !== undefined && pods.length > 0)
    throw usageError(
      `${text} is a node, and a pod as well`,
      text,
      `For the pod write ${workloadName(pods[0] as WorkloadEndpoint)}, for the node its address.`,
    );
  if (node !== undefined) {
    const peers = nodeAddresses(node);
    if (peers.length > 0) return { kind: 'peer', peers, node: text };
    throw new CliError([
      {
        what: 'It has no BGP address',
        object: `node ${text}`,
        hint: 'Set spec.bgp.ipv4Address of the Node.',
      },
    ]);
  }
  return podTarget(text, pods, names);
}

function prefixTarget(text: string): Target {
  const parsed = parsePrefix(text);
  if (parsed.ok) return { kind: 'destination', destinations: [parsed.value] };
  throw usageError('That is not a prefix', parsed.reason, 'Give an address, or the network of a prefix.');
}

function addressTarget(address: Address, { bgpPeers, nodes }: Names): Target {
  const node = nodes.find((one) => nodeAddresses(one).includes(address))?.metadata.name;
  if (node !== undefined) return { kind: 'peer', peers: [address], node };
  const isPeer = bgpPeers.some(({ spec }) => {
    const parsed = parsePeerAddress(spec.peerIP ?? '');
    return parsed.ok && parsed.value.address === address;
  });
  if (isPeer) return { kind: 'peer', peers: [address] };
  return { kind: 'destination', destinations: [hostPrefix(address)] };
}

function podTarget(text: string, pods: readonly WorkloadEndpoint[], names: Names): Target {
  const [pod, ...others] = pods;
  if (pod === undefined) throw unknownName(text, names);
  if (others.length > 0)
    throw usageError(
      `There are ${pods.length} pods of that name`,
      text,
      `Write one of ${pods.slice(0, 5).map(workloadName).join(', ')}.`,
    );
  const destinations = pod.spec.ipNetworks ?? [];
  return { kind: 'destination', destinations, pod };
}

/** Several endpoints of one pod count once: the one with addresses. */
function podsNamed(text: string, workloads: readonly WorkloadEndpoint[]): WorkloadEndpoint[] {
  const slash = text.indexOf('/');
  const namespace = slash < 0 ? undefined : text.slice(0, slash);
  const name = text.slice(slash + 1);
  const found = workloads.filter(
    (workload) =>
      (namespace === undefined || workload.metadata.namespace === namespace) &&
      [workload.spec.pod, workload.spec.workload, workload.metadata.name].includes(name),
  );
  return [...new Map(found.map((workload) => [workloadName(workload), workload])).values()];
}

function unknownName(text: string, { nodes, workloads }: Names): CliError {
  const known = [
    ...nodes.map(({ metadata }) => metadata.name),
    ...workloads.map(workloadName),
    ...workloads.flatMap((workload) => workloadName(workload).split('/').slice(1)),
  ];
  const similar = nearest(text, known);
  return new CliError([
    {
      what: 'It is no address, no prefix, no node and no pod that has an endpoint',
      object: text,
      hint: `${similar === undefined ? '' : `Did you mean ${similar}? `}A pod without an endpoint has no address: weftctl get workloadendpoints -A; its events say why.`,
    },
  ]);
}

/** Where it is seen from: a node, or a pod with its node. */
export function readFrom(
  text: string,
  names: Names,
  reflectors: readonly string[],
): { readonly node: string; readonly pod?: WorkloadEndpoint } {
  if (names.nodes.some(({ metadata }) => metadata.name === text) || reflectors.includes(text))
    return { node: text };
  const [pod, ...others] = podsNamed(text, names.workloads);
  if (pod !== undefined && others.length === 0) return { node: pod.spec.node ?? '', pod };
  const known = names.nodes.map(({ metadata }) => metadata.name).slice(0, 10);
  throw usageError(
    pod === undefined ? 'There is no such node or pod' : 'There are several pods of that name',
    `--from ${text}`,
    pod === undefined ? `Nodes are ${known.join(', ')}.` : `Write NAMESPACE/POD, or the node.`,
  );
}
