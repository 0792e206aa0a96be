/**
 * The network configuration on standard input, as one plugin gets it: what weft acts on, in weft's words.
 *
 * Names and meanings are Calico's where it has them, so that its entry in a conflist works with another `type`. What belongs
 * to Calico's own processes (datastore, credentials, logs, node name) is let pass: weftd has its own.
 * Sources: CNI specification 1.1.0, sections 1 to 3; CNI conventions; Calico, "Configure the Calico CNI plugins".
 */
import { parseInterfaceAddress } from '@weft/ip';
import * as z from 'zod';
import { type CniError, cniError, ERROR_CODE } from './error.ts';

/** Who hands out the addresses: weft itself, or a plugin of that type. */
export type IpamType = { readonly kind: 'weft' } | { readonly kind: 'plugin'; readonly type: string };

/** DNS settings of a network, passed on to the runtime. */
export interface Dns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/** What identifies one attachment to a network; all that DEL needs. */
export interface NetworkIdentity {
  readonly name: string;
  readonly ipam: IpamType;
}

/** A network configuration. */
export interface Configuration extends NetworkIdentity {
  /** Absent: weftd's choice. */
  readonly mtuBytes?: number;
  readonly assignIpv4: boolean;
  readonly assignIpv6: boolean;
  /** Names or CIDRs. */
  readonly pools4?: readonly string[];
  readonly pools6?: readonly string[];
  /** Where the container's routes lead, instead of everywhere. */
  readonly routes?: readonly string[];
  /** The container may forward packets for others. */
  readonly forwarding: boolean;
  /** Default routes besides `routes`. */
  readonly includeDefaultRoutes: boolean;
  readonly features: { readonly ipAddrsNoIpam: boolean; readonly floatingIps: boolean };
  readonly runtime: Requested & {
    /** The pod's annotations, from runtimes that know no API server. */
    readonly podAnnotations?: Readonly<Record<string, string>>;
  };
  /** `args.cni`. */
  readonly args: Requested & { readonly labels?: Readonly<Record<string, string>> };
  readonly dns?: Dns;
  /** What was there before: of the plugin before us at ADD, of the whole chain at CHECK and DEL. */
  readonly prevResult?: unknown;
  /** GC: the attachments that still live; absent when the runtime named none, not even an empty list. */
  readonly validAttachments?: readonly ValidAttachment[];
}

/** One that GC must leave alone. */
export interface ValidAttachment {
  readonly containerId: string;
  readonly interfaceName: string;
}

/** What a runtime may ask for one container. */
export interface Requested {
  /** With or without prefix length. */
  readonly ips?: readonly string[];
  readonly mac?: string;
}

/** Network names. Source: CNI specification, section 1, and the library's check. */
const name = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/,
    'letters, digits, dots, underscores and dashes, a letter or digit first',
  );

// Go writes an absent list or object as null.
const text = z.string().nullish();
const texts = z.array(z.string()).nullish();
const flag = z.boolean().nullish();
/** Calico writes them as texts. */
const flagText = z
  .union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')], 'true or false')
  .nullish();

/** Host bits do no harm here; what the route leads to has none. */
const destination = z.string().transform((text, context) => {
  const parsed = parseInterfaceAddress(text);
  if (parsed.ok) return parsed.value.prefix;
  context.addIssue({ code: 'custom', message: parsed.reason });
  return z.NEVER;
});

const ipam = z.object({
  type: text,
  subnet: text,
  assign_ipv4: flagText,
  assign_ipv6: flagText,
  ipv4_pools: texts,
  ipv6_pools: texts,
  routes: z.array(z.object({ dst: destination })).nullish(),
});

const requested = { ips: texts, mac: text };

const runtimeConfig = z.object({
  ...requested,
  ipRanges: z.array(z.unknown()).nullish(),
  'io.kubernetes.cri.pod-annotations': z.record(z.string(), z.string()).nullish(),
});

const cniArgs = z.object({
  ...requested,
  labels: z.array(z.object({ key: z.string(), value: z.string() })).nullish(),
});

const attachments = z.array(z.object({ containerID: z.string(), ifname: z.string() })).nullish();

const identitySchema = z.object({ name, ipam: z.object({ type: text }).nullish() });

const schema = z.object({
  name,
  mtu: z.number().int().min(0).max(65_535).nullish(),
  ipam: ipam.nullish(),
  container_settings: z.object({ allow_ip_forwarding: flag }).nullish(),
  include_default_routes: flag,
  feature_control: z.object({ ip_addrs_no_ipam: flag, floating_ips: flag }).nullish(),
  runtimeConfig: runtimeConfig.nullish(),
  args: z.object({ cni: cniArgs.nullish() }).nullish(),
  dns: z.object({ nameservers: texts, domain: text, search: texts, options: texts }).nullish(),
  prevResult: z.record(z.string(), z.unknown()).nullish(),
  'cni.dev/valid-attachments': attachments,
  // What the text of the specification first called it; libcni sends both.
  'cni.dev/attachments': attachments,
});
type Raw = z.infer<typeof schema>;

/** Reads a configuration, given as the value of its JSON. */
export function parseConfiguration(value: unknown): Configuration | CniError {
  const parsed = schema.safeParse(value);
  if (!parsed.success) return invalidConfiguration(parsed.error);
  const raw = parsed.data;
  return refuseFields(raw) ?? fromRaw(raw);
}

/** Reads what DEL needs: a configuration that ADD would refuse must not keep a container from going. */
export function parseIdentity(value: unknown): NetworkIdentity | CniError {
  const named = identitySchema.pick({ name: true }).safeParse(value);
  if (!named.success) return invalidConfiguration(named.error);
  const whole = identitySchema.safeParse(value);
  return { name: named.data.name, ipam: ipamType(whole.data?.ipam?.type) };
}

/** What weft's own IPAM cannot follow must not be dropped in silence. */
function refuseFields({ ipam, runtimeConfig }: Raw): CniError | undefined {
  if (ipamType(ipam?.type).kind !== 'weft') return undefined;
  if (ipam?.subnet) return unsupported('ipam.subnet', ipam.subnet, 'Name pools in ipam.ipv4_pools instead.');
  const ranges = runtimeConfig?.ipRanges ?? [];
  if (ranges.length > 0)
    return unsupported(
      'runtimeConfig.ipRanges',
      JSON.stringify(ranges),
      'Use ipam.type host-local for ranges.',
    );
  return undefined;
}

function fromRaw(raw: Raw): Configuration {
  const { container_settings, feature_control, ipam, runtimeConfig } = raw;
  const podAnnotations = runtimeConfig?.['io.kubernetes.cri.pod-annotations'];
  const labels = raw.args?.cni?.labels;
  return {
    name: raw.name,
    ipam: ipamType(ipam?.type),
    ...(raw.mtu ? { mtuBytes: raw.mtu } : {}),
    assignIpv4: ipam?.assign_ipv4 ?? true,
    assignIpv6: ipam?.assign_ipv6 ?? false,
    ...(ipam?.ipv4_pools?.length ? { pools4: ipam.ipv4_pools } : {}),
    ...(ipam?.ipv6_pools?.length ? { pools6: ipam.ipv6_pools } : {}),
    ...(ipam?.routes?.length ? { routes: ipam.routes.map(({ dst }) => dst) } : {}),
    forwarding: container_settings?.allow_ip_forwarding ?? false,
    includeDefaultRoutes: raw.include_default_routes ?? false,
    features: {
      ipAddrsNoIpam: feature_control?.ip_addrs_no_ipam ?? false,
      floatingIps: feature_control?.floating_ips ?? false,
    },
    runtime: { ...requestedOf(runtimeConfig), ...(podAnnotations ? { podAnnotations } : {}) },
    args: {
      ...requestedOf(raw.args?.cni),
      ...(labels ? { labels: Object.fromEntries(labels.map(({ key, value }) => [key, value])) } : {}),
    },
    ...(raw.dns ? { dns: dnsOf(raw.dns) } : {}),
    ...(raw.prevResult ? { prevResult: raw.prevResult } : {}),
    ...validAttachmentsOf(raw),
  };
}

function validAttachmentsOf(raw: Raw): Pick<Configuration, 'validAttachments'> {
  const { 'cni.dev/attachments': alias, 'cni.dev/valid-attachments': listed = alias } = raw;
  if (listed === undefined) return {};
  const validAttachments = (listed ?? []).map(({ containerID, ifname }) => ({
    containerId: containerID,
    interfaceName: ifname,
  }));
  return { validAttachments };
}

/** Absent, weft's name for it and Calico's all mean the same; anything else is a plugin to be run. */
function ipamType(type: string | null | undefined): IpamType {
  const isOwn = !type || type === 'weft' || type === 'calico-ipam';
  return isOwn ? { kind: 'weft' } : { kind: 'plugin', type };
}

function requestedOf(
  raw: { ips?: string[] | null | undefined; mac?: string | null | undefined } | null | undefined,
): Requested {
  return { ...(raw?.ips?.length ? { ips: raw.ips } : {}), ...(raw?.mac ? { mac: raw.mac } : {}) };
}

function dnsOf({ nameservers, domain, search, options }: NonNullable<Raw['dns']>): Dns {
  return {
    ...(nameservers?.length ? { nameservers } : {}),
    ...(domain ? { domain } : {}),
    ...(search?.length ? { search } : {}),
    ...(options?.length ? { options } : {}),
  };
}

function unsupported(key: string, value: string, hint: string): CniError {
  return cniError(ERROR_CODE.unsupportedField, `unsupported field ${key}: ${value}`, hint);
}

/** Problems that are named; the rest are of the same kind. */
const MAX_PROBLEMS = 5;

function invalidConfiguration(error: z.ZodError): CniError {
  const problems = error.issues.slice(0, MAX_PROBLEMS).map(({ path, message }) => {
    const field = path.join('.');
    return field === '' ? message : `${field}: ${message}`;
  });
  return cniError(
    ERROR_CODE.invalidConfiguration,
    `the network configuration is not valid: ${problems.join('; ')}`,
    'Correct the file in the directory of CNI configurations (/etc/cni/net.d).',
  );
}
