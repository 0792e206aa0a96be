/**
 * Makes Linux forget tracked connections that lead to a container which is no more. A client that goes on sending from one
 * socket keeps its UDP "connection" alive, and with it the translation of its first packet, whatever the rules say by now.
 *
 * Source: Felix (every protocol, --orig-src and --reply-src of an address that is given up); kube-proxy and dockerd (UDP and SCTP
 * of ports: TCP notices by itself that the other end is another).
 */
import type { PortForward } from '@weft/calc';
import { type Address, familyOf, isLoopback } from '@weft/ip';
import { type Flow, type FlowFilter, type Kernel, KernelError } from '@weft/kernel';

/** What it tells of its doings. */
export type FlowEvent =
  /** `flows`: how many; `of`: the addresses given up, or the ports looked at. */
  | { readonly kind: 'flows-forgotten'; readonly flows: number; readonly of: string }
  | { readonly kind: 'flows-not-forgotten'; readonly reason: string };

/** What it is given. */
export interface StaleFlowsOptions {
  readonly kernel: Pick<Kernel, 'addresses' | 'flows' | 'removeFlows'>;
  /** Whether an address is of a pool: only what leads to one, or is not translated, is ours to judge. */
  readonly isOfPool: (address: Address) => boolean;
  readonly report: (event: FlowEvent) => void;
}

const protocolNumbers = { udp: 17, sctp: 132 } as const;
type Protocol = keyof typeof protocolNumbers;
const protocols = Object.keys(protocolNumbers) as Protocol[];

/** See the head of this file. */
export class StaleFlows {
  readonly #options: StaleFlowsOptions;
  #followed = '';

  constructor(options: StaleFlowsOptions) {
    this.#options = options;
  }

  /** Addresses lost their container: all that it began, and all that it was to answer. */
  forget(addresses: readonly Address[]): void {
    this.#attempt(addresses.join(', '), () =>
      addresses.flatMap((address) => {
        const family = familyOf(address);
        return [
          ...this.#options.kernel.flows({ family, originalSource: address }),
          ...this.#options.kernel.flows({ family, replySource: address }),
        ];
      }),
    );
  }

  /** These ports are published now: what was tracked before and leads elsewhere. The same again costs nothing. */
  follow(forwards: readonly PortForward[]): void {
    const lasting = forwards.filter(({ protocol }) => protocol !== 'tcp');
    const text = JSON.stringify(lasting);
    if (text === this.#followed || lasting.length === 0) {
      this.#followed = text;
      return;
    }
    const isDone = this.#attempt('published ports', () => this.#leadingElsewhere(lasting));
    this.#followed = isDone ? text : '';
  }

  #leadingElsewhere(forwards: readonly PortForward[]): Flow[] {
    const { isOfPool, kernel } = this.#options;
    const hostAddresses = new Set(kernel.addresses().map(({ address }) => address));
    return filtersFor(forwards).flatMap(({ filter, of }) =>
      kernel.flows(filter).filter((flow) => {
        const forward = of.find((one) => isTo(one, flow, hostAddresses));
        return forward !== undefined && leadsElsewhere(flow, forward, isOfPool);
      }),
    );
  }

  /** False when the kernel cannot be asked. */
  #attempt(of: string, find: () => Flow[]): boolean {
    const { kernel, report } = this.#options;
    try {
      const results = kernel.removeFlows(find());
      const flows = results.filter((result) => result === null).length;
      if (flows > 0) report({ kind: 'flows-forgotten', flows, of });
      // One that ended meanwhile, or was named twice, is gone, too.
      const refused = results.find((result) => result !== null && result.errno !== 'ENOENT');
      if (refused) report({ kind: 'flows-not-forgotten', reason: `${of}: ${refused.errno}` });
      return !refused;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      report({ kind: 'flows-not-forgotten', reason: `${of}: ${error.message}` });
      return false;
    }
  }
}

function filtersFor(
  forwards: readonly PortForward[],
): { readonly filter: FlowFilter; readonly of: readonly PortForward[] }[] {
  return ([4, 6] as const).flatMap((family) =>
    protocols
      .map((protocol) => ({
        filter: { family, protocol: protocolNumbers[protocol] },
        of: forwards.filter((forward) => forward.family === family && forward.protocol === protocol),
      }))
      .filter(({ of }) => of.length > 0),
  );
}

/** As the rules have it: ::1 is never translated, the rest of the host is. */
function isTo(
  { hostAddress, hostPort }: PortForward,
  { original }: Flow,
  host: ReadonlySet<Address>,
): boolean {
  const { destination, destinationPort } = original;
  if (destinationPort !== hostPort || destination === '::1') return false;
  if (hostAddress !== undefined) return destination === hostAddress;
  return host.has(destination) || isLoopback(destination);
}

/** What somebody else translates to addresses that are none of ours is left alone. */
function leadsElsewhere(
  { original, reply }: Flow,
  { containerPort, to }: PortForward,
  isOfPool: (address: Address) => boolean,
): boolean {
  if (reply.source === to && reply.sourcePort === containerPort) return false;
  return reply.source === original.destination || isOfPool(reply.source);
}
