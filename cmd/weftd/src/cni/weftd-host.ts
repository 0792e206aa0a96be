/** This daemon, as the CNI commands see it. */
import { type Health, isRefusal } from '@weft/control';
import type { Logger } from '@weft/telemetry';
import type { Attaching } from '../endpoints/attaching.ts';
import type { Attachments } from '../endpoints/attachments.ts';
import type { LateCluster } from '../store/cluster.ts';
import type { CniHost } from './cni-host.ts';
import { podReader } from './pod-reader.ts';

/** The rooms of the daemon that are asked. */
export interface HostRooms {
  readonly log: Logger;
  readonly nodeName: string;
  readonly attaching: Attaching;
  readonly attachments: Attachments;
  readonly readiness: () => Health;
  /** Where there is a Kubernetes. */
  readonly cluster: LateCluster | undefined;
}

/** Puts them together. */
export function weftdHost({ attaching, attachments, cluster, log, nodeName, readiness }: HostRooms): CniHost {
  return {
    log,
    readiness,
    attach: (id, request) => attaching.attach(id, request),
    detach: (id) => attaching.detach(id),
    isUnderWay: (id) => attachments.isUnderWay(id),
    settled: (id) => attachments.settled(id),
    isPluggedIn: (id) => attachments.isPluggedIn(id),
    isPossible: () => attaching.isPossible,
    differences: (id, request) => attachments.differences(id, request),
    endpoints: () => attachments.list(),
    endpoint: (id) => {
      const endpoint = attachments.endpoint(id);
      return isRefusal(endpoint) ? undefined : endpoint;
    },
    pods: cluster && podReader(() => cluster.open(), nodeName),
  };
}
