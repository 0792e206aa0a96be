/**
 * What a link message says of a VXLAN device (IFLA_INFO_DATA).
 */
import { addressFromBytes } from '@weft/ip';
import type { VxlanDevice } from '../kernel.ts';
import { IFLA_VXLAN } from './constants.ts';
import type { Attributes } from './message-reader.ts';

/** Reads what makes a link a VXLAN device; undefined for one without a local address. */
export function decodeVxlan(data: Attributes | undefined): VxlanDevice | undefined {
  const local = data?.bytes(IFLA_VXLAN.LOCAL) ?? data?.bytes(IFLA_VXLAN.LOCAL6);
  const parentIndex = data?.u32(IFLA_VXLAN.LINK);
  if (data === undefined) return undefined;
  if (local?.length !== 4 && local?.length !== 16) return undefined;
  return {
    vni: data.u32(IFLA_VXLAN.ID) ?? 0,
    port: data.bytes(IFLA_VXLAN.PORT)?.readUInt16BE(0) ?? 0,
    local: addressFromBytes(local),
    ...(parentIndex === undefined ? {} : { parentIndex }),
    ...(data.bytes(IFLA_VXLAN.LEARNING)?.[0] === 1 ? { learning: true } : {}),
  };
}
