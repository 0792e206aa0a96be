/**
 * The network driver: endpoints at weftd, joins as dockerd carries them out.
 */
import type { Attachment, ControlClient } from '@weft/control';
import {
  type CreateEndpoint,
  type CreateNetwork,
  type EndpointReference,
  type EndpointRequest,
  endpointIdOf,
  endpointRequest,
  isRefusal,
  joinAnswer,
  type Refusal,
  refuse,
  refuseNetwork,
} from '@weft/docker';
import { noAnswer } from './ipam-driver.ts';
import { askWeftd } from './weftd.ts';

/** What the driver works with. */
export interface NetworkDriverOptions {
  readonly weftd: ControlClient;
  /** Lets traffic of containers through the host's firewall, before there is any. */
  readonly allowForwarding: () => Promise<void>;
}

/** The calls of `/NetworkDriver`. */
export class NetworkDriver {
  readonly #weftd: ControlClient;
  readonly #allowForwarding: () => Promise<void>;

  constructor({ allowForwarding, weftd }: NetworkDriverOptions) {
    this.#weftd = weftd;
    this.#allowForwarding = allowForwarding;
  }

  /** Local: each host makes the network by itself, and weft's datastore keeps addresses unique among them. */
  capabilities(): object {
    return { Scope: 'local', ConnectivityScope: 'local' };
  }

  createNetwork(network: CreateNetwork): object {
    return refuseNetwork(network) ?? {};
  }

  async createEndpoint(wanted: CreateEndpoint): Promise<object> {
    const request = endpointRequest(wanted);
    if (isRefusal(request)) return request;
    const id = endpointIdOf(wanted.EndpointID);
    await this.#allowForwarding();
    const attached = await askWeftd(() => this.#weftd.attachEndpoint(id, request));
    if (isRefusal(attached)) return attached;
    const other = refuseOther(attached, request);
    if (other !== undefined) return other;
    // dockerd takes a MAC in the answer for a change of the one it asked for.
    return { Interface: request.mac === undefined ? { MacAddress: attached.mac } : {} };
  }

  async join({ EndpointID }: EndpointReference): Promise<object> {
    const endpoint = await askWeftd(() => this.#weftd.endpoint(endpointIdOf(EndpointID)));
    return isRefusal(endpoint) ? endpoint : joinAnswer(EndpointID, endpoint.addresses);
  }

  async deleteEndpoint({ EndpointID }: EndpointReference): Promise<object> {
    return noAnswer(await askWeftd(() => this.#weftd.detachEndpoint(endpointIdOf(EndpointID))));
  }
}

/** An endpoint that was there before is right only if it is the same. */
function refuseOther({ addresses, id, kind }: Attachment, request: EndpointRequest): Refusal | undefined {
  const its = addresses.map((address) => address.split('/')[0]);
  const isSame =
    its.length === request.addresses.length && request.addresses.every((one) => its.includes(one));
  if (kind === 'attached' || isSame) return undefined;
  return refuse(
    `the endpoint is there with ${addresses.join(' and ')}`,
    id,
    'Remove it first: weftctl detach ID.',
  );
}
