/**
 * The three texts of a block: its CIDR `10.0.0.0/26`, its name `10-0-0-0-26`, and the end of its keys `ipv4/block/10.0.0.0-26`.
 */
import { isIP } from 'node:net';
import type { blockName } from '@weft/resources';

/** A block as text: canonical, since nobody writes another form. */
export type Cidr = Parameters<typeof blockName>[0];

/** `ipv4/block/10.0.0.0-26`. */
export function blockPath(cidr: string): string {
  return `ipv${cidr.includes(':') ? 6 : 4}/block/${cidr.replace('/', '-')}`;
}

/** The CIDR in `10.0.0.0-26`; undefined when there is none. */
export function cidrInPath(text: string): Cidr | undefined {
  const [, address = '', length] = /^([0-9a-f.:]+)-(\d+)$/.exec(text) ?? [];
  return toCidr(address, length);
}

/** The CIDR of which this is the name; undefined when there is none. IPv4 blocks are never longer than 32. */
export function cidrNamed(name: string): Cidr | undefined {
  const [, text = '', length] = /^([0-9a-f-]+)-(\d+)$/.exec(name) ?? [];
  const separator = Number(length) <= 32 ? '.' : ':';
  return toCidr(text.replaceAll('-', separator), length);
}

function toCidr(address: string, length: string | undefined): Cidr | undefined {
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return Number(length) <= bits ? (`${address}/${length}` as Cidr) : undefined;
}
