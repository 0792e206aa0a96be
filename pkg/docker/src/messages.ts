/**
 * The plugin protocol as dockerd speaks it: HTTP POST of JSON over a unix socket, one path for each call. Names are Docker's.
 *
 * Fields that are not listed are ignored: newer dockerds send more. What a user can ask for lies in the options, and those
 * are checked one by one where they are acted on.
 *
 * Source: moby libnetwork docs/remote.md and docs/ipam.md (versions 1.0 of both APIs); what Docker 20.10 sends.
 */
import * as z from 'zod';
import { type Refusal, refuse } from './refusal.ts';

/** The content type of every answer. */
export const PLUGIN_MEDIA_TYPE = 'application/vnd.docker.plugins.v1.1+json';

/** `--ipam-opt`, and what dockerd itself adds. */
export type IpamOptions = Readonly<Record<string, string>>;

/** `/IpamDriver.RequestPool`: once a family when a network is made. */
export interface RequestPool {
  /** `--subnet`; empty: any. */
  readonly Pool: string;
  /** `--ip-range`; empty: the whole subnet. */
  readonly SubPool: string;
  readonly Options: IpamOptions;
  readonly V6: boolean;
}

/** `/IpamDriver.RequestAddress`: once a family when an endpoint is made. */
export interface RequestAddress {
  readonly PoolID: string;
  /** `--ip`; empty: any. */
  readonly Address: string;
  readonly Options: IpamOptions;
}

/** `/IpamDriver.ReleaseAddress`. */
export interface ReleaseAddress {
  readonly PoolID: string;
  readonly Address: string;
}

/** What the IPAM driver answered, told to the network driver. */
export interface IpamData {
  readonly AddressSpace: string;
  readonly Pool: string;
  readonly Gateway: string;
  /** `--aux-address`. */
  readonly AuxAddresses: Readonly<Record<string, unknown>>;
}

/** `/NetworkDriver.CreateNetwork`: when a network is made, and never again after a restart. */
export interface CreateNetwork {
  readonly NetworkID: string;
  readonly Options: Readonly<Record<string, unknown>>;
  readonly IPv4Data: readonly IpamData[];
  readonly IPv6Data: readonly IpamData[];
}

/** One `-p`. */
export interface PortMapping {
  /** IP protocol number: 6, 17 or 132. */
  readonly Proto: number;
  /** The container's port. */
  readonly Port: number;
  readonly HostIP: string;
  /** 0: any free port. */
  readonly HostPort: number;
  readonly HostPortEnd: number;
}

/** `/NetworkDriver.CreateEndpoint`. */
export interface CreateEndpoint {
  readonly NetworkID: string;
  readonly EndpointID: string;
  readonly Interface: {
    /** With prefix length; empty without. */
    readonly Address: string;
    readonly AddressIPv6: string;
    /** `--mac-address`; empty: the driver's choice. */
    readonly MacAddress: string;
  };
  readonly Options: { readonly 'com.docker.network.portmap': readonly PortMapping[] };
}

/** `/NetworkDriver.Join`, `Leave`, `DeleteEndpoint` and `EndpointOperInfo`, as far as they are needed. */
export interface EndpointReference {
  readonly EndpointID: string;
}

const text = z.string().default('');
/** dockerd writes `null` for an empty map or list. */
function orEmpty<T>(schema: z.ZodType<T>, empty: T): z.ZodType<T> {
  return schema.nullish().transform((value) => value ?? empty);
}
const options = orEmpty(z.record(z.string(), z.string()), {});
/** Docker's ids are 64 hex digits; they become names of endpoints and interfaces. */
const id = z.string().regex(/^[0-9a-f]{12,64}$/, '12 to 64 hex digits');

export const requestPoolSchema: z.ZodType<RequestPool> = z.object({
  Pool: text,
  SubPool: text,
  Options: options,
  V6: z.boolean().default(false),
});

export const requestAddressSchema: z.ZodType<RequestAddress> = z.object({
  PoolID: z.string(),
  Address: text,
  Options: options,
});

export const releaseAddressSchema: z.ZodType<ReleaseAddress> = z.object({
  PoolID: text,
  Address: z.string(),
});

const ipamData = z.object({
  AddressSpace: text,
  Pool: text,
  Gateway: text,
  AuxAddresses: orEmpty(z.record(z.string(), z.unknown()), {}),
});

export const createNetworkSchema: z.ZodType<CreateNetwork> = z.object({
  NetworkID: id,
  Options: orEmpty(z.record(z.string(), z.unknown()), {}),
  IPv4Data: orEmpty(z.array(ipamData), []),
  IPv6Data: orEmpty(z.array(ipamData), []),
});

const port = z.number().int().min(0).max(65_535).default(0);
const portMapping = z.object({
  Proto: z.number().int(),
  Port: port,
  HostIP: text,
  HostPort: port,
  HostPortEnd: port,
});

export const createEndpointSchema: z.ZodType<CreateEndpoint> = z.object({
  NetworkID: id,
  EndpointID: id,
  Interface: orEmpty(z.object({ Address: text, AddressIPv6: text, MacAddress: text }), {
    Address: '',
    AddressIPv6: '',
    MacAddress: '',
  }),
  Options: orEmpty(z.object({ 'com.docker.network.portmap': orEmpty(z.array(portMapping), []) }), {
    'com.docker.network.portmap': [],
  }),
});

export const endpointReferenceSchema: z.ZodType<EndpointReference> = z.object({ EndpointID: id });

/** The body of a call as its schema has it, or what is wrong with it. An empty body is one without fields. */
export function parseMessage<T extends object>(
  schema: z.ZodType<T>,
  body: string,
  call: string,
): T | Refusal {
  const hint = 'Send what dockerd sends.';
  let value: unknown;
  try {
    value = body.trim() === '' ? {} : JSON.parse(body);
  } catch {
    return refuse('the body is not JSON', call, hint);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
  return refuse(`the call does not fit: ${problems.join('; ')}`, call, hint);
}
