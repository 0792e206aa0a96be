/**
 * Turns a change into its one netlink message.
 */
import type { Change } from '../kernel.ts';
import { encodeAddAddress, encodeDeleteAddress } from './address.ts';
import { encodeDeleteForwarding, encodeReplaceForwarding } from './forwarding-entry.ts';
import { encodeAddBridge, encodeAddVeth, encodeDeleteLink, encodeSetLink } from './link.ts';
import type { MessageWriter } from './message-writer.ts';
import { encodeDeleteNeighbour, encodeReplaceNeighbour } from './neighbour.ts';
import { encodeAddRoute, encodeDeleteRoute, encodeReplaceRoute } from './route.ts';
import { encodeAddIpip, encodeAddVxlan } from './tunnel-link.ts';

/** A change that netlink makes; sysctls are files. */
export type NetlinkChange = Exclude<Change, { op: 'write-sysctl' }>;

type Encoders = {
  readonly [Op in NetlinkChange['op']]: (
    writer: MessageWriter,
    sequence: number,
    change: Extract<NetlinkChange, { op: Op }>,
  ) => void;
};

const encoders: Encoders = {
  'add-route': (writer, sequence, { route }) => encodeAddRoute(writer, sequence, route),
  'replace-route': (writer, sequence, { route }) => encodeReplaceRoute(writer, sequence, route),
  'delete-route': (writer, sequence, { route }) => encodeDeleteRoute(writer, sequence, route),
  'add-address': encodeAddAddress,
  'delete-address': encodeDeleteAddress,
  'replace-neighbour': (writer, sequence, { neighbour }) =>
    encodeReplaceNeighbour(writer, sequence, neighbour),
  'delete-neighbour': (writer, sequence, { neighbour }) => encodeDeleteNeighbour(writer, sequence, neighbour),
  'replace-forwarding': (writer, sequence, { entry }) => encodeReplaceForwarding(writer, sequence, entry),
  'delete-forwarding': (writer, sequence, { entry }) => encodeDeleteForwarding(writer, sequence, entry),
  'add-veth': encodeAddVeth,
  'add-bridge': encodeAddBridge,
  'add-vxlan': encodeAddVxlan,
  'add-ipip': encodeAddIpip,
  'set-link': encodeSetLink,
  'delete-link': encodeDeleteLink,
};

/** Writes the message of a change. Throws TypeError for a MAC address that is none. */
export function encodeChange(writer: MessageWriter, sequence: number, change: NetlinkChange): void {
  const encode = encoders[change.op] as (
    writer: MessageWriter,
    sequence: number,
    change: NetlinkChange,
  ) => void;
  encode(writer, sequence, change);
}
