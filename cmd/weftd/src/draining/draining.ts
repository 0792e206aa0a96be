/**
 * Takes a node out of the network without a lost packet: no new containers, its routes are the last choice of every peer
 * (RFC 8326), and when nothing leads here any more the daemon ends, and says so to its peers (RFC 9003).
 */
import {
  type DrainStatus,
  type Endpoint,
  type Refusal,
  refuse,
  type Stopping,
  type StopRequest,
} from '@weft/control';
import type { Logger } from '@weft/telemetry';
import type { PeerStatus } from 'bgp-speaker-ts';

/** How many containers are named. */
const EXAMPLES = 5;

/** What it needs of the daemon. */
export interface DrainingOptions {
  readonly nodeName: string;
  readonly log: Logger;
  readonly endpoints: () => readonly Endpoint[];
  readonly peers: () => readonly PeerStatus[];
  /** The node has begun to drain, or is back in service: what it announces is another thing now. */
  readonly changed: (isDraining: boolean) => void;
}

/** The draining of one node. A daemon that starts again is in service. */
export class Draining {
  readonly #with: DrainingOptions;
  readonly #stopped = Promise.withResolvers<string>();
  #since: Date | undefined;

  constructor(options: DrainingOptions) {
    this.#with = options;
  }

  get isDraining(): boolean {
    return this.#since !== undefined;
  }

  /** Resolves when the drained daemon is to end, with what peers are to be told. */
  get stopped(): Promise<string> {
    return this.#stopped.promise;
  }

  /** Why no container can be plugged in; undefined when the node is in service. */
  refusal(id: string): Refusal | undefined {
    if (this.#since === undefined) return undefined;
    const { nodeName } = this.#with;
    return refuse(
      'unavailable',
      `node ${nodeName} is being drained since ${this.#since.toISOString()}`,
      id,
      `Use another node, or take it back into service: weftctl node drain ${nodeName} --undo.`,
    );
  }

  /** Begins. Safe to repeat. */
  begin(): DrainStatus {
    if (this.#since === undefined) {
      this.#since = new Date();
      this.#with.log.warn('drain-began', 'this node takes no containers, and peers are told to avoid it');
      this.#with.changed(true);
    }
    return this.status();
  }

  /** Back into service. Safe to repeat. */
  undo(): DrainStatus {
    if (this.#since !== undefined) {
      this.#since = undefined;
      this.#with.log.info('drain-undone', 'this node is back in service');
      this.#with.changed(false);
    }
    return this.status();
  }

  /** How far it has come. */
  status(): DrainStatus {
    const endpoints = this.#with.endpoints();
    return {
      draining: this.isDraining,
      ...(this.#since && { since: this.#since.toISOString() }),
      endpoints: endpoints.length,
      examples: endpoints.slice(0, EXAMPLES).map(nameOf),
      peersBehind: this.#with
        .peers()
        .filter(isBehind)
        .map(({ address }) => address),
    };
  }

  /** Ends the daemon of a drained node. */
  stop({ communication }: StopRequest): Stopping | Refusal {
    const { nodeName, peers } = this.#with;
    if (!this.isDraining)
      return refuse(
        'conflict',
        'A node in service is not stopped by request',
        `node ${nodeName}`,
        `Drain it first: weftctl node drain ${nodeName}.`,
      );
    const sessions = peers().filter(({ state }) => state === 'Established').length;
    this.#stopped.resolve(communication ?? `${nodeName} is out of service`);
    return { sessions };
  }
}

function isBehind({ families, outstandingBytes, state }: PeerStatus): boolean {
  if (state !== 'Established') return false;
  return outstandingBytes > 0 || families.some(({ stream }) => stream === 'catching-up');
}

function nameOf({ id, namespace, pod, workload }: Endpoint): string {
  const name = pod ?? workload;
  return name === undefined ? id : `${namespace ?? 'default'}/${name}`;
}
