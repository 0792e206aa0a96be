/** Where a node's daemon is reached over TCP, as it stands in its Node. Pure. */
import { type Address, parseAddress } from '@weft/ip';

/** The annotation of a Node by which others find the control API of its daemon: HOST:PORT, with an IP address. */
export const CONTROL_ADDRESS_ANNOTATION = 'weft.dev/control-address';

/** An IP address and a port. */
export interface ControlAddress {
  readonly host: Address;
  readonly port: number;
}

/** `10.0.0.1:9098` and `[fd00::1]:9098`. */
export function printControlAddress({ host, port }: ControlAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads that; undefined for anything else. */
export function readControlAddress(text: string): ControlAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^[\]]+)\]|([^[\]:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = parseAddress(bracketed ?? plain ?? '');
  const port = Number(digits);
  return host.ok && port >= 1 && port <= 65535 ? { host: host.value, port } : undefined;
}
