/** What the CNI commands need of the daemon. */
import type { Annotations } from '@weft/cni';
import type { Attachment, AttachRequest, Detachment, Endpoint, Health, Refusal } from '@weft/control';
import type { Logger } from '@weft/telemetry';

/** The daemon, as the CNI commands see it. What it refuses is data; anything it throws is a mistake. */
export interface CniHost {
  readonly log: Logger;
  attach(id: string, request: AttachRequest): Promise<Attachment | Refusal>;
  detach(id: string): Promise<Detachment | Refusal>;
  /** Whether an attach or detach of it goes on behind its answer. */
  isUnderWay(id: string): boolean;
  /** Resolves when nothing of it goes on any more. */
  settled(id: string): Promise<void>;
  /** Whether anything has its addresses: its record, or an interface that could not be taken away. */
  isPluggedIn(id: string): boolean;
  /** What of an endpoint is not as that request makes it, each in words; a refusal when it cannot be said. */
  differences(id: string, request: AttachRequest): readonly string[] | Refusal;
  /** The endpoints of this node. */
  endpoints(): readonly Endpoint[];
  /** One of them; undefined when there is none of that id. */
  endpoint(id: string): Endpoint | undefined;
  readiness(): Health;
  /** Whether anything can be attached or detached just now, as far as is known. */
  isPossible(): boolean;
  /** Pods of the API server; absent where there is none. */
  readonly pods?: PodReader | undefined;
}

/** What is read of Kubernetes' own objects. */
export interface PodReader {
  /** Both are read at once; undefined when there is no such Pod. A refusal when the API server is away, or says no. */
  annotations(
    namespace: string,
    pod: string,
  ): Promise<{ readonly pod: Annotations; readonly namespace: Annotations } | undefined | Refusal>;
  /** What Kubernetes gave this node for its Pods, `10.244.1.0/24`. */
  podCidrs(): Promise<readonly string[] | Refusal>;
}
