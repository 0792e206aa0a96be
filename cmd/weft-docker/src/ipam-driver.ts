/**
 * The IPAM driver: pools of weft as pools of Docker. Addresses are held at weftd, which gives those back that no container
 * came for.
 */
import { type ControlClient, everyItem } from '@weft/control';
import {
  ADDRESS_SPACE,
  answerPoolRequest,
  decodePoolId,
  isRefusal,
  type Pool,
  type PoolAnswer,
  type Refusal,
  type ReleaseAddress,
  type RequestAddress,
  type RequestPool,
  refuseGateway,
} from '@weft/docker';
import { askWeftd } from './weftd.ts';

/** What the driver works with. */
export interface IpamDriverOptions {
  readonly weftd: ControlClient;
  /** A name that no other address of this node is held under. */
  readonly newHoldId: () => string;
}

/** The calls of `/IpamDriver`. */
export class IpamDriver {
  readonly #weftd: ControlClient;
  readonly #newHoldId: () => string;

  constructor({ newHoldId, weftd }: IpamDriverOptions) {
    this.#weftd = weftd;
    this.#newHoldId = newHoldId;
  }

  capabilities(): object {
    return { RequiresMACAddress: false, RequiresRequestReplay: false };
  }

  addressSpaces(): object {
    return { LocalDefaultAddressSpace: ADDRESS_SPACE, GlobalDefaultAddressSpace: `${ADDRESS_SPACE}-global` };
  }

  async requestPool(request: RequestPool): Promise<PoolAnswer | Refusal> {
    const pools = await askWeftd(() => this.#pools());
    return isRefusal(pools) ? pools : answerPoolRequest(request, pools);
  }

  async #pools(): Promise<Pool[]> {
    return Array.fromAsync(everyItem((query) => this.#weftd.pools(query)));
  }

  async requestAddress({ PoolID, Address, Options }: RequestAddress): Promise<object> {
    if (Options.RequestAddressType !== undefined) return refuseGateway(Address);
    const choice = decodePoolId(PoolID);
    if (isRefusal(choice)) return choice;
    const { family, pool } = choice;
    const wanted = {
      family,
      ...(pool === undefined ? {} : { pools: [pool] }),
      ...(Address === '' ? {} : { address: Address }),
    };
    const id = this.#newHoldId();
    const hold = await askWeftd(() => this.#weftd.holdAddress(id, wanted));
    if (isRefusal(hold)) return hold;
    return { Address: `${hold.address}/${family === 'ipv4' ? 32 : 128}`, Data: {} };
  }

  /** Also of addresses that are not held: dockerd gives back the gateway that no network of weft has. */
  async releaseAddress({ Address }: ReleaseAddress): Promise<object> {
    return noAnswer(await askWeftd(() => this.#weftd.releaseAddress(Address)));
  }
}

/** Of a success dockerd wants to know nothing more. */
export function noAnswer(answer: object): object {
  return isRefusal(answer) ? answer : {};
}
