/** Containers plugged in and out: `GET /v1/endpoints`, `PUT` and `DELETE /v1/endpoints/{id}`. */
import { parsePrefix } from '@weft/ip';
import * as z from 'zod';
import { type Page, pageOf } from './page.ts';
import { replyOf, requestOf } from './shape.ts';

/**
 * Names an endpoint on its node, chosen by who attaches it and never reused for another container: CNI takes
 * `<container id>.<interface>`. 1…200 letters, digits and `. _ : -`, so that it can be a file name.
 */
export const endpointIdSchema: z.ZodType<string> = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/,
    '1 to 200 letters, digits, dots, dashes, colons, underscores',
  );

/** One port of the host that leads to the container. */
export interface AttachPort {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** One address of the host, or 0.0.0.0 or :: for all of a family; absent: every address of the host. */
  readonly hostAddress?: string | undefined;
  /** 1…65535. */
  readonly hostPort: number;
  /** 1…65535. */
  readonly containerPort: number;
}

/** What a container wants. */
export interface AttachRequest {
  readonly containerId: string;
  /**
   * Path of the network namespace, such as /run/netns/x or /proc/PID/ns/net. Absent: the container's end stays in the host's
   * namespace under `interfaceName`, down and without addresses, for somebody else to move and set up (Docker does).
   */
  readonly netns?: string | undefined;
  /** The name of the container's interface, 1…15 bytes. */
  readonly interfaceName: string;
  /** Who asks: `k8s`, `cni`, `libnetwork`, `lab`. Part of the WorkloadEndpoint's name. */
  readonly orchestrator: string;
  readonly namespace?: string | undefined;
  readonly workload?: string | undefined;
  readonly pod?: string | undefined;
  /** Families to give an address of, all or none; at least one. */
  readonly families: readonly ('ipv4' | 'ipv6')[];
  /** Pools to take the address from, by name or CIDR; absent: those that select this node. */
  readonly pools4?: readonly string[] | undefined;
  readonly pools6?: readonly string[] | undefined;
  /** Exactly these addresses, at most one of each family. */
  readonly addresses?: readonly string[] | undefined;
  /** The `addresses` are held already (`PUT /v1/addresses/{id}`), and a detach leaves them held. */
  readonly heldAddresses?: true | undefined;
  /** Absent: derived from the interface that carries the routes. */
  readonly mtuBytes?: number | undefined;
  /** MAC inside the container; absent: derived. */
  readonly mac?: string | undefined;
  /** Ports of the host to publish. A port that another endpoint has is refused as `conflict`. */
  readonly ports?: readonly AttachPort[] | undefined;
  /** True: the `addresses` are not weft's to assign or to release; an IPAM plugin or the user sees to them. */
  readonly foreignAddresses?: boolean | undefined;
  /** Where the container's routes lead, as prefixes; absent: the default route of each of its families. */
  readonly routes?: readonly string[] | undefined;
  /** The container may forward packets for others. */
  readonly forwarding?: boolean | undefined;
  /** Labels of the WorkloadEndpoint. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

const word = z.string().min(1).max(253);
const pools = z.array(word).min(1).max(64);
const mac = z.string().regex(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/, 'six hex bytes separated by colons');

/** Linux: 1…15 bytes, no slash, no white space, not `.` or `..`. */
const interfaceName = z
  .string()
  .regex(/^(?!\.{1,2}$)[^\s/:]{1,15}$/, '1 to 15 bytes without slash, colon or space');

const port = z.number().int().min(1).max(65_535);
const address = z.union([z.ipv4(), z.ipv6()], 'an IP address without prefix length');

const attachPort = requestOf<AttachPort>({
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  hostAddress: address.optional(),
  hostPort: port,
  containerPort: port,
});

export const attachRequestSchema: z.ZodType<AttachRequest> = requestOf<AttachRequest>({
  containerId: word,
  netns: z.string().max(1024).startsWith('/', 'an absolute path').optional(),
  interfaceName,
  orchestrator: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'lower-case letters, digits and dashes'),
  namespace: word.optional(),
  workload: word.optional(),
  pod: word.optional(),
  families: z
    .array(z.enum(['ipv4', 'ipv6']))
    .min(1)
    .refine((list) => new Set(list).size === list.length, 'each family once'),
  pools4: pools.optional(),
  pools6: pools.optional(),
  addresses: z
    .array(address)
    .min(1)
    .max(2)
    .refine((list) => new Set(list.map((a) => a.includes(':'))).size === list.length, 'one of each family')
    .optional(),
  heldAddresses: z.literal(true).optional(),
  // RFC 8200 §5 asks for 1280 on IPv6 links; IPv4 alone works from 68 (RFC 791).
  mtuBytes: z.number().int().min(68).max(65_535).optional(),
  mac: mac.optional(),
  ports: z.array(attachPort).max(1024).optional(),
  foreignAddresses: z.boolean().optional(),
  routes: z
    .array(z.string().refine((text) => parsePrefix(text).ok, 'a prefix such as 10.0.0.0/8'))
    .max(1024)
    .optional(),
  forwarding: z.boolean().optional(),
  labels: z.record(word, z.string().max(253)).optional(),
});

/** Where the time of an attach went. */
export interface AttachTiming {
  readonly ipamMilliseconds: number;
  readonly wiringMilliseconds: number;
  readonly totalMilliseconds: number;
}

/** A container that is plugged in. `already-attached`: it was before; asking twice is safe. */
export interface Attachment {
  readonly kind: 'attached' | 'already-attached';
  readonly id: string;
  /** With prefix length: `10.0.0.5/32`, `fd00::5/128`; IPv4 first. */
  readonly addresses: readonly string[];
  /** The host's end of the veth pair. */
  readonly hostInterface: string;
  /** MAC inside the container. */
  readonly mac: string;
  readonly mtuBytes: number;
  readonly timing: AttachTiming;
}

export const attachmentSchema: z.ZodType<Attachment> = replyOf<Attachment>({
  kind: z.enum(['attached', 'already-attached']),
  id: z.string(),
  addresses: z.array(z.string()),
  hostInterface: z.string(),
  mac: z.string(),
  mtuBytes: z.number().int(),
  timing: replyOf<AttachTiming>({
    ipamMilliseconds: z.number(),
    wiringMilliseconds: z.number(),
    totalMilliseconds: z.number(),
  }),
});

/** A container that is gone. `not-attached`: it was not there; detaching is always safe to repeat. */
export interface Detachment {
  readonly kind: 'detached' | 'not-attached';
  readonly id: string;
  /** Addresses given back. */
  readonly addresses: readonly string[];
}

export const detachmentSchema: z.ZodType<Detachment> = replyOf<Detachment>({
  kind: z.enum(['detached', 'not-attached']),
  id: z.string(),
  addresses: z.array(z.string()),
});

/** An endpoint of this node, as listed. */
export interface Endpoint {
  readonly id: string;
  readonly containerId: string;
  readonly orchestrator: string;
  readonly namespace?: string | undefined;
  readonly workload?: string | undefined;
  readonly pod?: string | undefined;
  readonly interfaceName: string;
  readonly hostInterface: string;
  readonly addresses: readonly string[];
  readonly mac: string;
  /** When it was attached, RFC 3339. */
  readonly since: string;
}

export const endpointSchema: z.ZodType<Endpoint> = replyOf<Endpoint>({
  id: z.string(),
  containerId: z.string(),
  orchestrator: z.string(),
  namespace: z.string().optional(),
  workload: z.string().optional(),
  pod: z.string().optional(),
  interfaceName: z.string(),
  hostInterface: z.string(),
  addresses: z.array(z.string()),
  mac: z.string(),
  since: z.string(),
});

export const endpointPageSchema: z.ZodType<Page<Endpoint>> = pageOf(endpointSchema);
