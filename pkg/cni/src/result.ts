/**
 * What ADD gives: interfaces, addresses and routes, as each version of the specification writes them.
 *
 * In memory a result has the shape of version 1.1.0. Older ones lose what they have no place for:
 *
 *   0.1.0, 0.2.0          ip4 and ip6, one address each, routes inside; no interfaces
 *   0.3.0, 0.3.1, 0.4.0   ips with `version`
 *   1.0.0                 ips without it
 *   1.1.0                 interfaces with mtu, socketPath, pciID; routes with mtu, advmss, priority, table, scope
 *
 * Sources: SPEC.md of each version, "Result".
 */
import * as z from 'zod';
import type { Dns } from './configuration.ts';
import { type CniError, cniError, ERROR_CODE } from './error.ts';
import { isAtLeast, isSupported, type SpecVersion, UNNAMED_VERSION } from './versions.ts';

/** An interface that is part of an attachment; one of the host has no sandbox. */
export interface ResultInterface {
  readonly name: string;
  readonly mac?: string | undefined;
  readonly mtu?: number | undefined;
  readonly sandbox?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly pciID?: string | undefined;
}

/** An address, with prefix length. */
export interface ResultAddress {
  readonly address: string;
  readonly gateway?: string | undefined;
  /** Index into the interfaces. */
  readonly interface?: number | undefined;
}

/** A route. */
export interface ResultRoute {
  readonly dst: string;
  readonly gw?: string | undefined;
  readonly mtu?: number | undefined;
  readonly advmss?: number | undefined;
  readonly priority?: number | undefined;
  readonly table?: number | undefined;
  readonly scope?: number | undefined;
}

/** A success of ADD. */
export interface Result {
  readonly interfaces: readonly ResultInterface[];
  readonly ips: readonly ResultAddress[];
  readonly routes: readonly ResultRoute[];
  readonly dns?: Dns | undefined;
}

/** The result as it is printed in a version. */
export function encodeResult(result: Result, cniVersion: SpecVersion): object {
  const dns = result.dns === undefined || Object.keys(result.dns).length === 0 ? {} : { dns: result.dns };
  if (!isAtLeast(cniVersion, '0.3.0')) return { cniVersion, ...encodeByFamily(result), ...dns };
  const isNewest = isAtLeast(cniVersion, '1.1.0');
  const named = !isAtLeast(cniVersion, '1.0.0');
  return {
    cniVersion,
    interfaces: result.interfaces.map((entry) => (isNewest ? entry : olderInterface(entry))),
    ips: result.ips.map((ip) => (named ? { version: isIpv6(ip.address) ? '6' : '4', ...ip } : ip)),
    routes: result.routes.map((route) => (isNewest ? route : olderRoute(route))),
    ...dns,
  };
}

function encodeByFamily({ ips, routes }: Result): object {
  const ofFamily = (ipv6: boolean): object | undefined => {
    const first = ips.find(({ address }) => isIpv6(address) === ipv6);
    if (first === undefined) return undefined;
    const { address: ip, gateway } = first;
    const own = routes.filter(({ dst }) => isIpv6(dst) === ipv6).map(olderRoute);
    return {
      ip,
      ...(gateway === undefined ? {} : { gateway }),
      ...(own.length === 0 ? {} : { routes: own }),
    };
  };
  const ip4 = ofFamily(false);
  const ip6 = ofFamily(true);
  return { ...(ip4 && { ip4 }), ...(ip6 && { ip6 }) };
}

function olderInterface({ name, mac, sandbox }: ResultInterface): ResultInterface {
  return {
    name,
    ...(mac === undefined ? {} : { mac }),
    ...(sandbox === undefined ? {} : { sandbox }),
  };
}

function olderRoute({ dst, gw }: ResultRoute): ResultRoute {
  return { dst, ...(gw === undefined ? {} : { gw }) };
}

function isIpv6(text: string): boolean {
  return text.includes(':');
}

// Absent texts come as "", absent lists as null.
const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const number = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? undefined);
const texts = z.array(z.string()).nullish();

const route = z.object({
  dst: z.string(),
  gw: text,
  mtu: number,
  advmss: number,
  priority: number,
  table: number,
  scope: number,
});
const routes = z.array(route).nullish();
const dns = z
  .object({ nameservers: texts, domain: text, search: texts, options: texts })
  .nullish()
  .transform((value) => (value ? withoutEmpty(value) : undefined));

const byFamily = z.object({ ip: z.string(), gateway: text, routes }).nullish();
const oldSchema = z.object({ ip4: byFamily, ip6: byFamily, dns });

const schema = z.object({
  interfaces: z
    .array(
      z.object({ name: z.string(), mac: text, mtu: number, sandbox: text, socketPath: text, pciID: text }),
    )
    .nullish(),
  ips: z.array(z.object({ address: z.string(), gateway: text, interface: number })).nullish(),
  routes,
  dns,
});

/**
 * Reads a result that another plugin gave, or that the runtime kept of ours.
 *
 * @param value the value of its JSON
 * @param version of the result; its own `cniVersion` counts before it
 * @param what names it in an error: `prevResult`, `the result of host-local`
 */
export function decodeResult(value: unknown, version: SpecVersion, what: string): Result | CniError {
  const own =
    typeof value === 'object' && value !== null && 'cniVersion' in value ? value.cniVersion : version;
  const stated = own === '' ? UNNAMED_VERSION : own;
  if (typeof stated !== 'string' || !isSupported(stated))
    return cniError(
      ERROR_CODE.incompatibleVersion,
      `${what} is of CNI version ${JSON.stringify(stated)}`,
      'Use plugins of one version in a network.',
    );
  return isAtLeast(stated, '0.3.0') ? decodeNew(value, what) : decodeOld(value, what);
}

function decodeNew(value: unknown, what: string): Result | CniError {
  const parsed = schema.safeParse(value);
  if (!parsed.success) return undecodable(what, parsed.error);
  const { interfaces, ips, routes, dns } = parsed.data;
  return {
    interfaces: (interfaces ?? []).map(withoutEmpty),
    ips: (ips ?? []).map(withoutEmpty),
    routes: (routes ?? []).map(withoutEmpty),
    ...(dns && { dns }),
  };
}

function decodeOld(value: unknown, what: string): Result | CniError {
  const parsed = oldSchema.safeParse(value);
  if (!parsed.success) return undecodable(what, parsed.error);
  const { dns, ip4, ip6 } = parsed.data;
  const families = [ip4, ip6].flatMap((family) => family ?? []);
  return {
    interfaces: [],
    ips: families.map(({ ip: address, gateway }) => withoutEmpty({ address, gateway })),
    routes: families.flatMap(({ routes }) => (routes ?? []).map(withoutEmpty)),
    ...(dns && { dns }),
  };
}

function withoutEmpty<T extends object>(value: T): { [K in keyof T]: NonNullable<T[K]> } {
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined && entry !== null);
  return Object.fromEntries(entries) as { [K in keyof T]: NonNullable<T[K]> };
}

function undecodable(what: string, error: z.ZodError): CniError {
  const [issue] = error.issues;
  return cniError(
    ERROR_CODE.decodingFailure,
    `${what} is not valid: ${issue?.path.join('.')}: ${issue?.message}`,
    'It is of another plugin or was kept by the runtime: see its log.',
  );
}
