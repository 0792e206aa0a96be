/**
 * Published ports: ports of the host that lead to a container. A WorkloadEndpoint keeps those of its container in an
 * annotation, because the resource has no field that says which port of the container a host port leads to.
 */
import { type Address, type Family, familyOf, isUnspecified, networkAddress, parseAddress } from '@weft/ip';
import type { WorkloadEndpoint } from '@weft/resources';

/** The protocols a port can be published for. */
export const PORT_PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;

/** One published port. */
export interface PublishedPort {
  readonly protocol: (typeof PORT_PROTOCOLS)[number];
  /** One address of the host, or 0.0.0.0 or :: for all of a family; absent: every address of the host. */
  readonly hostAddress?: Address;
  /** 1…65535. */
  readonly hostPort: number;
  /** 1…65535. */
  readonly containerPort: number;
}

/** Annotation of a WorkloadEndpoint: its published ports as a JSON array. */
export const PORTS_ANNOTATION = 'weft.dev/ports';

/** The ports of an endpoint. What is no port in its annotation is passed over: somebody else wrote it. */
export function publishedPorts({ metadata }: Pick<WorkloadEndpoint, 'metadata'>): PublishedPort[] {
  const text = metadata.annotations?.[PORTS_ANNOTATION];
  if (text === undefined) return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.flatMap(readPort) : [];
  } catch {
    return [];
  }
}

function readPort(item: unknown): PublishedPort[] {
  if (typeof item !== 'object' || item === null) return [];
  const { protocol, hostAddress, hostPort, containerPort } = item as Record<string, unknown>;
  const known = PORT_PROTOCOLS.find((name) => name === protocol);
  if (known === undefined || !isPort(hostPort) || !isPort(containerPort)) return [];
  if (hostAddress === undefined) return [{ protocol: known, hostPort, containerPort }];
  const parsed = parseAddress(String(hostAddress));
  return parsed.ok ? [{ protocol: known, hostAddress: parsed.value, hostPort, containerPort }] : [];
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

/** The families in which a port of a container with addresses of `families` can be reached. */
export function portFamilies({ hostAddress }: PublishedPort, families: readonly Family[]): readonly Family[] {
  return hostAddress === undefined ? families : families.filter((family) => family === familyOf(hostAddress));
}

/** `80/tcp`, `10.0.0.1:80/tcp`, `[fd00::1]:80/tcp`. */
export function portText({ protocol, hostAddress, hostPort }: PublishedPort): string {
  if (hostAddress === undefined) return `${hostPort}/${protocol}`;
  const host = familyOf(hostAddress) === 6 ? `[${hostAddress}]` : hostAddress;
  return `${host}:${hostPort}/${protocol}`;
}

/** What an endpoint takes of the host's ports. */
export interface PortClaim {
  readonly ports: readonly PublishedPort[];
  /** Of its addresses. */
  readonly families: readonly Family[];
}

/** The claim of an endpoint that is plugged in. */
export function portClaim(endpoint: WorkloadEndpoint): PortClaim {
  const families = new Set((endpoint.spec.ipNetworks ?? []).map((net) => familyOf(networkAddress(net))));
  return { ports: publishedPorts(endpoint), families: [...families] };
}

/** The first port of a claim that another claim, or an earlier port of its own, has taken. */
export function conflictingPort(claim: PortClaim, taken: PortClaim): PublishedPort | undefined {
  return claim.ports.find((port) =>
    portFamilies(port, claim.families).some((family) =>
      taken.ports.some(
        (other) =>
          other !== port && portFamilies(other, taken.families).includes(family) && isSamePort(port, other),
      ),
    ),
  );
}

function isSamePort(left: PublishedPort, right: PublishedPort): boolean {
  if (left.protocol !== right.protocol || left.hostPort !== right.hostPort) return false;
  return coversAll(left) || coversAll(right) || left.hostAddress === right.hostAddress;
}

/** True for a port of every address of the host, in the families it is about. */
export function coversAll({ hostAddress }: PublishedPort): boolean {
  return hostAddress === undefined || isUnspecified(hostAddress);
}
