/**
 * Reads what the kernel announces to its multicast groups.
 */
import type { KernelEvent } from '../kernel.ts';
import { decodeAddress } from './address.ts';
import { NLMSG, RTM, RTNLGRP } from './constants.ts';
import { decodeLink } from './link.ts';
import { type Message, readMessages } from './message-reader.ts';
import { decodeRoute } from './route.ts';

/** The bind mask of the groups weft listens to: links, and addresses and routes of both families. */
export const eventGroups: number = Object.values(RTNLGRP).reduce(
  (mask, group) => mask | (1 << (group - 1)),
  0,
);

/** The events of one datagram, in order. */
export function decodeEvents(datagram: Buffer): KernelEvent[] {
  const events: KernelEvent[] = [];
  for (const message of readMessages(datagram)) {
    const event = decodeEvent(message);
    if (event !== undefined) events.push(event);
  }
  return events;
}

function decodeEvent({ type, payload }: Message): KernelEvent | undefined {
  switch (type) {
    case RTM.NEWROUTE:
    case RTM.DELROUTE: {
      const route = decodeRoute(payload);
      return route && { kind: 'route', op: type === RTM.NEWROUTE ? 'new' : 'delete', route };
    }
    case RTM.NEWLINK:
    case RTM.DELLINK: {
      const link = decodeLink(payload);
      return link && { kind: 'link', op: type === RTM.NEWLINK ? 'new' : 'delete', link };
    }
    case RTM.NEWADDR:
    case RTM.DELADDR: {
      const address = decodeAddress(payload);
      return address && { kind: 'address', op: type === RTM.NEWADDR ? 'new' : 'delete', address };
    }
    case NLMSG.OVERRUN:
      return { kind: 'overrun' };
    default:
      return undefined;
  }
}
