/**
 * Which endpoint has which ports of the host: one port leads to one container. A port is held from the moment an attach
 * asks for it, so that of two at once one is refused.
 */
import {
  conflictingPort,
  type PortClaim,
  type PublishedPort,
  portClaim,
  portFamilies,
  portText,
} from '@weft/calc';
import { type AttachRequest, type Refusal, refuse } from '@weft/control';
import { type Family, isUnspecified, parseAddress } from '@weft/ip';
import type { WorkloadEndpoint } from '@weft/resources';
import { isPortInUse } from './port-in-use.ts';

/** The ports an attach asks for, or which of them cannot be. */
export function requestedPorts(request: AttachRequest, id: string): readonly PublishedPort[] | Refusal {
  const families = requestedFamilies(request);
  const ports: PublishedPort[] = [];
  for (const { hostAddress: text, ...rest } of request.ports ?? []) {
    const parsed = text === undefined ? undefined : parseAddress(text);
    if (parsed?.ok === false)
      return refuse('invalid-request', parsed.reason, id, 'Correct the host address.');
    const port = { ...rest, ...(parsed === undefined ? {} : { hostAddress: parsed.value }) };
    if (port.hostAddress === '::1') {
      const message = `port ${portText(port)} cannot be published: the kernel routes nothing from ::1 to a container`;
      return refuse('invalid-request', message, id, 'Publish 127.0.0.1, or another address of the host.');
    }
    if (leadsNowhere(port, families)) {
      const message = `port ${portText(port)} cannot be published: the container has no address of that family`;
      return refuse('invalid-request', message, id, 'Give the container one, or publish another address.');
    }
    ports.push(port);
  }
  return ports;
}

function requestedFamilies({ addresses, families }: AttachRequest): readonly Family[] {
  if (addresses !== undefined) return addresses.map((address) => (address.includes(':') ? 6 : 4));
  return families.map((family) => (family === 'ipv4' ? 4 : 6));
}

/** `0.0.0.0` and `::` mean the addresses there are; asking for both for a container of one family is fine. */
function leadsNowhere(port: PublishedPort, families: readonly Family[]): boolean {
  const isForAll = port.hostAddress !== undefined && isUnspecified(port.hostAddress);
  return !isForAll && portFamilies(port, families).length === 0;
}

/** The claims of one node, by endpoint id. */
export class PortClaims {
  readonly #claims = new Map<string, PortClaim>();

  /** Takes over what an endpoint holds already. */
  adopt(id: string, endpoint: WorkloadEndpoint): void {
    const claim = portClaim(endpoint);
    if (claim.ports.length > 0) this.#claims.set(id, claim);
  }

  /** Gives the ports of an endpoint back. */
  release(id: string): void {
    this.#claims.delete(id);
  }

  /**
   * Runs an attach that holds its ports from now on, or refuses it; an attach that fails gives them back.
   *
   * @param isThere whether the endpoint is: one that failed may be, when it could not be taken out again
   */
  async during<T extends object>(
    id: string,
    request: AttachRequest,
    isThere: () => boolean,
    attach: () => Promise<T | Refusal>,
  ): Promise<T | Refusal> {
    const refusal = this.#claim(id, request);
    if (refusal !== undefined) return refusal;
    try {
      return (await this.#inUse(id)) ?? (await attach());
    } finally {
      if (!isThere()) this.release(id);
    }
  }

  #claim(id: string, request: AttachRequest): Refusal | undefined {
    const ports = requestedPorts(request, id);
    if ('kind' in ports) return ports;
    if (ports.length === 0) return undefined;
    const claim = { ports, families: requestedFamilies(request) };
    const refusal = this.#conflict(id, claim);
    if (refusal === undefined) this.#claims.set(id, claim);
    return refusal;
  }

  async #inUse(id: string): Promise<Refusal | undefined> {
    const { families, ports } = this.#claims.get(id) ?? { families: [], ports: [] };
    for (const port of ports) {
      if (!(await isPortInUse(port, families))) continue;
      const message = `a program of the host listens on port ${portText(port)}`;
      return refuse('conflict', message, id, 'End that program, or publish another port.');
    }
    return undefined;
  }

  #conflict(id: string, claim: PortClaim): Refusal | undefined {
    const twice = conflictingPort(claim, claim);
    if (twice !== undefined)
      return refuse('invalid-request', `port ${portText(twice)} is asked for twice`, id, 'Name it once.');
    for (const [owner, taken] of this.#claims) {
      const port = conflictingPort(claim, taken);
      if (port === undefined || owner === id) continue;
      const message = `port ${portText(port)} of the host is published by ${owner}`;
      return refuse('conflict', message, id, `Detach ${owner} first, or publish another port.`);
    }
    return undefined;
  }
}
