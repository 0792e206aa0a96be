/**
 * What every request for addresses says of itself.
 */
import type { Holder } from '../core/block-assign.ts';
import { hostOwner, LOAD_BALANCER, type Owner } from '../core/owner.ts';
import type { IntendedUse } from '../core/pool-choice.ts';
import { formatGoTime } from '../core/time-text.ts';
import type { IpamContext } from './context.ts';

/** Who asks for addresses, and what is stored with them. */
export interface RequestOrigin {
  /** The node that will hold the addresses; LoadBalancer addresses are held by none. */
  readonly node: string;
  readonly handle: string;
  /** Stored with the addresses; `node`, and for workloads `timestamp`, are filled in when absent. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly intendedUse?: IntendedUse;
}

/** Whose blocks the request may own. */
export function ownerOf({ intendedUse, node }: RequestOrigin): Owner {
  return intendedUse === 'LoadBalancer' ? LOAD_BALANCER : hostOwner(node);
}

/** What is stored with the addresses. Borrowed ones are routed by the attribute `node`, so each a node holds has it. */
export function holderOf({ now }: IpamContext, origin: RequestOrigin): Holder {
  const { handle, node, attributes = {}, intendedUse } = origin;
  const place = intendedUse === 'LoadBalancer' ? {} : { node };
  const time =
    intendedUse === 'LoadBalancer' || intendedUse === 'Tunnel' ? {} : { timestamp: formatGoTime(now()) };
  return { handle, attributes: { ...place, ...time, ...attributes } };
}
