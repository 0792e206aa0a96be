/** BGP Role: RFC 9234 §4.1. One octet; a value of no known role stays a number. */

import { CapabilityCode } from '../iana.ts';
import type { Role, RoleCapability } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

/** Roles by their value on the wire: RFC 9234 §4.1 table 1. */
const ROLES: readonly Role[] = ['provider', 'route-server', 'route-server-client', 'customer', 'peer'];

/** Codec of the role capability. */
export const role: CapabilityCodec<RoleCapability> = {
  code: CapabilityCode.role,
  decode: (reader) => ({ kind: 'role', value: reader.readUint8() }),
  encode: (writer, { value }) => writer.writeUint8(value),
};

/** Gives the role of a value, or undefined when no role has it. */
export function toRole(value: number): Role | undefined {
  return ROLES[value];
}

/** Gives the value of a role. */
export function fromRole(name: Role): number {
  return ROLES.indexOf(name);
}
