/**
 * What the control API of a route reflector answers: the same questions about itself and its sessions as a node's, and that
 * whoever wants a container plugged in asks the wrong daemon.
 */
import { networkInterfaces } from 'node:os';
import type { SessionDecision } from '@weft/calc';
import { cniError, ERROR_CODE, encodeError } from '@weft/cni';
import {
  type CniAnswer,
  type ControlBackend,
  type Health,
  type Page,
  type Refusal,
  refuse,
} from '@weft/control';
import type { Node } from '@weft/resources';
import type { Bgp } from '../bgp/bgp.ts';
import { bgpPeers, ribPages } from '../bgp/bgp-answers.ts';
import { since } from '../control-backend.ts';
import { explainOnReflector } from '../explain/node.ts';
import { explainPeer } from '../explain/peer.ts';
import { notCurrent, type SpeakerSources } from '../explain/sources.ts';
import type { Options } from '../options.ts';
import type { RecordAnswers } from '../recording/record-answers.ts';
import { locationOf } from '../store/location.ts';
import { version } from '../version.ts';

/** Who is asked. */
export interface ReflectorSources {
  readonly options: Options;
  readonly bgp: () => Bgp | undefined;
  readonly sessions: () => readonly SessionDecision[];
  readonly metrics: () => string;
  readonly readiness: () => Health;
  readonly inSync: () => boolean;
  readonly nodes: () => readonly Node[];
  /** Why the datastore does not answer. */
  readonly storeAway: () => string | undefined;
  readonly recorded: RecordAnswers;
}

/** The backend of a reflector. */
export function reflectorBackend(sources: ReflectorSources): ControlBackend {
  const { bgp, metrics, options, readiness } = sources;
  return {
    status: () => ({
      node: options.nodeName,
      role: options.role,
      version,
      pid: process.pid,
      since,
      addresses: [],
      datastore: {
        ...locationOf(options.datastore),
        inSync: sources.inSync(),
        ...(sources.storeAway() !== undefined && { detail: sources.storeAway() }),
      },
      readiness: readiness(),
    }),
    liveness: () => ({ ok: true, reasons: [] }),
    readiness,
    metrics,
    bgpPeers: () => bgpPeers(bgp(), sources.sessions(), since),
    rib: ribPages(bgp),
    routes: noPage,
    endpoints: noPage,
    pools: noPage,
    blocks: noPage,
    fuse: () => ({ ...options.fuse, held: [] }),
    decideFuse: noRoutes,
    drainStatus: noDrain,
    drain: noDrain,
    undrain: noDrain,
    stop: noDrain,
    endpoint: noContainers,
    history: (query) => sources.recorded.history(query),
    changes: (query) => sources.recorded.changes(query),
    ipamHistory: ({ address }) => noContainers(address),
    explain: ({ prefix }) => explainOnReflector(speakerSources(sources), prefix),
    explainPeer: ({ address }) => explainPeer(speakerSources(sources), address, undefined),
    attachEndpoint: noContainers,
    detachEndpoint: noContainers,
    holdAddress: noContainers,
    releaseAddress: noContainers,
    cni: async () => NO_CNI,
  };
}

/** It may be anybody's peer by any address of its host. */
function speakerSources({
  bgp,
  inSync,
  nodes,
  options,
  sessions,
  storeAway,
}: ReflectorSources): SpeakerSources {
  return {
    nodeName: options.nodeName,
    bgp,
    sessions,
    nodes,
    addresses: () =>
      Object.values(networkInterfaces()).flatMap((items = []) => items.map((item) => item.address)),
    notCurrent: () => notCurrent(inSync(), storeAway()),
  };
}

function noPage<T>(): Page<T> {
  return { items: [], total: 0 };
}

const NO_CONTAINERS = 'this weftd is a route reflector: it has no containers and no addresses';
const ASK = "Ask the weftd of the container's node.";

const NO_CNI: CniAnswer = {
  exitCode: 1,
  stdout: JSON.stringify(encodeError(cniError(ERROR_CODE.notAvailable, NO_CONTAINERS, ASK))),
};

function noRoutes(object: string): Refusal {
  return refuse(
    'invalid-request',
    'this weftd is a route reflector: it writes no routes that could be held',
    object,
    'Ask the weftd of a node.',
  );
}

function noDrain(): Refusal {
  return refuse(
    'invalid-request',
    'a route reflector is not drained: nothing is forwarded here, and clients keep its routes when it ends',
    'this daemon',
    'Stop it by SIGTERM.',
  );
}

function noContainers(object: string): Refusal {
  return refuse('invalid-request', NO_CONTAINERS, object, ASK);
}
