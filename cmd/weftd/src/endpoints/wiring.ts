/**
 * What a request means to the kernel: the endpoint it asks for, made, taken away, or compared with what is there.
 */
import { type AttachRequest, type Refusal, type RefusalCode, refuse } from '@weft/control';
import {
  type EndpointFailure,
  type EndpointFailureKind,
  type EndpointSpec,
  type HostRouting,
  hostInterfaceName,
  inspectEndpoint,
  type PluggedEndpoint,
  plugEndpoint,
  unplugEndpoint,
} from '@weft/endpoint';
import { type Address, parseMac, prefix } from '@weft/ip';
import type { Kernel } from '@weft/kernel';

/** What it needs from the daemon. */
export interface WiringOptions {
  readonly kernel: Kernel;
  /** MTU of a container with these addresses that asks for none. */
  readonly mtuBytes: (addresses: readonly Address[]) => number;
  /** What the names of new host interfaces begin with. */
  readonly interfacePrefix: () => string;
  /** How the host's routes to a container are written. */
  readonly hostRouting: (family: 4 | 6) => HostRouting;
}

/** The interfaces of this node's containers. */
export class Wiring {
  readonly #options: WiringOptions;

  constructor(options: WiringOptions) {
    this.#options = options;
  }

  /** The name on the host of what a request asks for. */
  hostInterfaceOf({ containerId, interfaceName, namespace, netns, pod }: AttachRequest): string {
    const workload =
      namespace !== undefined && pod !== undefined
        ? ({ kind: 'pod', namespace, pod } as const)
        : ({ kind: 'container', containerId } as const);
    const prefix = this.#options.interfacePrefix();
    // Without a namespace it is only what the container's end is called until it is moved.
    return hostInterfaceName(workload, prefix, netns === undefined ? undefined : interfaceName);
  }

  /** The endpoint that a request asks for. */
  specOf(request: AttachRequest, hostInterface: string, addresses: readonly Address[]): EndpointSpec {
    const { hostRouting } = this.#options;
    const mac = request.mac === undefined ? undefined : parseMac(request.mac);
    return {
      hostInterface,
      hostRouting: { 4: hostRouting(4), 6: hostRouting(6) },
      containerInterface: request.interfaceName,
      ...(request.netns === undefined ? {} : { netns: request.netns }),
      addresses,
      mtuBytes: request.mtuBytes ?? this.#options.mtuBytes(addresses),
      ...(mac?.ok ? { mac: mac.value } : {}),
      ...(request.routes === undefined ? {} : { routes: request.routes.map(prefix) }),
      ...(request.ports === undefined ? {} : { reachedByLoopback: true }),
      ...(request.forwarding === true ? { forwarding: true } : {}),
    };
  }

  /** Makes it, or puts it in order; a refusal has left nothing new. */
  plug(spec: EndpointSpec): PluggedEndpoint | Refusal {
    const plugged = plugEndpoint(this.#options.kernel, spec);
    return plugged.kind === 'plugged' ? plugged : refusalOf(plugged);
  }

  /** Takes it away; one that is not there is as good. */
  async unplug(hostInterface: string): Promise<Refusal | undefined> {
    const unplugged = await unplugEndpoint(this.#options.kernel, { hostInterface });
    if (unplugged.kind === 'unplugged' || unplugged.kind === 'absent') return undefined;
    return refuse('internal', unplugged.message, unplugged.object, unplugged.hint);
  }

  /** What of it is not as it was asked for, each in words. An MTU that nobody asked for may be any. */
  differences(spec: EndpointSpec, netns: string, { mtuBytes }: AttachRequest): readonly string[] | Refusal {
    const found = inspectEndpoint(this.#options.kernel, { ...spec, netns, mtuBytes });
    return 'kind' in found ? refusalOf(found) : found;
  }
}

function refusalOf({ hint, kind, message, object }: EndpointFailure): Refusal {
  return refuse(refusalCode(kind), message, object, hint);
}

function refusalCode(kind: EndpointFailureKind): RefusalCode {
  if (kind === 'netns-missing') return 'not-found';
  return kind === 'kernel-refused' || kind === 'no-permission' ? 'internal' : 'invalid-request';
}
