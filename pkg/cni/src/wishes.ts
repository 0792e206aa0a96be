/**
 * What one container is to get: the network configuration, what the runtime asks for and the Pod's annotations, made one.
 *
 * Of two that say the same thing the nearer to the container counts: annotation, then `runtimeConfig`, then `args.cni`, then
 * CNI_ARGS (whose keys the conventions want ignored where `args` has them).
 */
import {
  type Address,
  familyOf,
  type MacAddress,
  parseAddress,
  parseInterfaceAddress,
  parseMac,
} from '@weft/ip';
import { type AnnotatedWishes, type Annotations, annotationOf, readAnnotations } from './annotations.ts';
import type { CniArguments } from './arguments.ts';
import type { Configuration } from './configuration.ts';
import { type CniError, cniError, ERROR_CODE, isCniError } from './error.ts';

/** What a container is to get. */
export interface Wishes {
  /** Exactly these, at most one of each family; absent: one of each of `families`. */
  readonly addresses?: readonly Address[];
  /** True: nobody holds the addresses in IPAM. */
  readonly withoutIpam: boolean;
  readonly families: readonly ('ipv4' | 'ipv6')[];
  /** Names or CIDRs. */
  readonly pools4?: readonly string[];
  readonly pools6?: readonly string[];
  readonly mac?: MacAddress;
}

/** Annotations of the Pod and its Namespace; empty where there is none. */
export interface PodAnnotations {
  readonly pod: Annotations;
  readonly namespace: Annotations;
}

/** Decides what a container gets, or what of it cannot be. */
export function decideWishes(
  configuration: Configuration,
  args: CniArguments,
  annotations: PodAnnotations,
): Wishes | CniError {
  const annotated = readAnnotations(annotations.pod, annotations.namespace);
  if (isCniError(annotated)) return annotated;
  const refusal = refuseAnnotations(annotated, configuration);
  if (refusal !== undefined) return refusal;
  const addresses = addressesOf(annotated, configuration, args);
  if (isCniError(addresses)) return addresses;
  const mac = macOf(annotated, configuration, args);
  if (isCniError(mac)) return mac;
  const families = familiesOf(annotated, configuration);
  if (addresses === undefined && families.length === 0) return noFamily();
  const pools4 = annotated.pools4 ?? configuration.pools4;
  const pools6 = annotated.pools6 ?? configuration.pools6;
  return {
    ...(addresses && { addresses }),
    withoutIpam: annotated.ipsWithoutIpam !== undefined,
    families: addresses === undefined ? families : addresses.map(familyName),
    ...(pools4 && { pools4 }),
    ...(pools6 && { pools6 }),
    ...(mac && { mac }),
  };
}

/** As in Calico: features behind a gate are an error while it is closed. weft has no floating addresses at all. */
function refuseAnnotations(
  { ips, ipsWithoutIpam, floatingIps }: AnnotatedWishes,
  { features }: Configuration,
): CniError | undefined {
  if (floatingIps !== undefined)
    return unsupported('floatingIps', floatingIps, 'weft has no floating addresses: remove the annotation.');
  if (ipsWithoutIpam === undefined) return undefined;
  if (ips !== undefined)
    return unsupported(
      'ipsWithoutIpam',
      ipsWithoutIpam,
      `${annotationOf('ips')} is there too: keep one of the two.`,
    );
  if (features.ipAddrsNoIpam) return undefined;
  const hint = 'Set feature_control.ip_addrs_no_ipam in the network configuration to allow it.';
  return unsupported('ipsWithoutIpam', ipsWithoutIpam, hint);
}

function familiesOf(
  { families }: AnnotatedWishes,
  { assignIpv4, assignIpv6 }: Configuration,
): Wishes['families'] {
  return families ?? [...(assignIpv4 ? (['ipv4'] as const) : []), ...(assignIpv6 ? (['ipv6'] as const) : [])];
}

interface Source<T> {
  readonly where: string;
  readonly value: T | undefined;
}

function firstOf<T>(sources: readonly Source<T>[]): { where: string; value: T } | undefined {
  for (const { where, value } of sources) if (value !== undefined) return { where, value };
  return undefined;
}

function addressesOf(
  { ips, ipsWithoutIpam }: AnnotatedWishes,
  { args, runtime }: Configuration,
  cniArgs: CniArguments,
): readonly Address[] | CniError | undefined {
  const source = firstOf([
    { where: annotationOf('ips'), value: ips },
    { where: annotationOf('ipsWithoutIpam'), value: ipsWithoutIpam },
    { where: 'runtimeConfig.ips', value: runtime.ips },
    { where: 'args.cni.ips', value: args.ips },
    { where: 'IP of CNI_ARGS', value: cniArgs.ips },
  ]);
  if (source === undefined) return undefined;
  const addresses: Address[] = [];
  for (const text of source.value) {
    const address = parseWithOrWithoutLength(text);
    if (address === undefined) return invalid(source.where, text, 'an address such as 10.0.0.5 or fd00::5');
    addresses.push(address);
  }
  if (new Set(addresses.map(familyOf)).size < addresses.length)
    return invalid(source.where, source.value.join(', '), 'at most one address of each family');
  return addresses.sort((left, right) => familyOf(left) - familyOf(right));
}

/** A container has its address alone, so a prefix length says nothing here. */
function parseWithOrWithoutLength(text: string): Address | undefined {
  if (!text.includes('/')) {
    const parsed = parseAddress(text);
    return parsed.ok ? parsed.value : undefined;
  }
  const parsed = parseInterfaceAddress(text);
  return parsed.ok ? parsed.value.address : undefined;
}

function macOf(
  { mac }: AnnotatedWishes,
  { args, runtime }: Configuration,
  cniArgs: CniArguments,
): MacAddress | CniError | undefined {
  const source = firstOf([
    { where: 'the annotation cni.projectcalico.org/hwAddr', value: mac },
    { where: 'runtimeConfig.mac', value: runtime.mac },
    { where: 'args.cni.mac', value: args.mac },
    { where: 'MAC of CNI_ARGS', value: cniArgs.mac },
  ]);
  if (source === undefined) return undefined;
  const parsed = parseMac(source.value);
  return parsed.ok ? parsed.value : invalid(source.where, source.value, 'a MAC such as 02:00:00:00:00:01');
}

function familyName(address: Address): 'ipv4' | 'ipv6' {
  return familyOf(address) === 4 ? 'ipv4' : 'ipv6';
}

function noFamily(): CniError {
  return cniError(
    ERROR_CODE.invalidConfiguration,
    'the container would have no address: ipam.assign_ipv4 and ipam.assign_ipv6 are both false',
    'Set one of them to true.',
  );
}

function invalid(where: string, text: string, wanted: string): CniError {
  return cniError(
    ERROR_CODE.invalidConfiguration,
    `${where} says ${JSON.stringify(text)}`,
    `It must be ${wanted}.`,
  );
}

function unsupported(
  wish: 'floatingIps' | 'ipsWithoutIpam',
  value: readonly string[],
  hint: string,
): CniError {
  const text = JSON.stringify(value);
  return cniError(ERROR_CODE.unsupportedField, `unsupported annotation ${annotationOf(wish)}: ${text}`, hint);
}
