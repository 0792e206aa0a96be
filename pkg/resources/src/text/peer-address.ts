/**
 * The address of a BGP peer as users write it, with or without a port.
 */
import { type Address, type Parsed, parseAddress } from '@weft/ip';

/** Where a peer listens; no port means 179, or the port of the node that owns the address. */
export interface PeerAddress {
  readonly address: Address;
  readonly port?: number;
}

/** Reads "10.0.0.1", "10.0.0.1:1179", "fd00::1" or "[fd00::1]:1179". */
export function parsePeerAddress(text: string): Parsed<PeerAddress> {
  const withPort = /^\[(?<v6>[^\]]*:[^\]]*)\]:(?<port>\d{1,5})$|^(?<v4>[^:[\]]*):(?<port>\d{1,5})$/.exec(
    text,
  )?.groups;
  const parsed = parseAddress(withPort?.v6 ?? withPort?.v4 ?? text);
  if (!parsed.ok) return { ok: false, reason: `${parsed.reason} with an optional port` };
  if (withPort === undefined) return { ok: true, value: { address: parsed.value } };
  const port = Number(withPort.port);
  if (port < 1 || port > 65535)
    return { ok: false, reason: `${JSON.stringify(text)} has no port between 1 and 65535` };
  return { ok: true, value: { address: parsed.value, port } };
}
