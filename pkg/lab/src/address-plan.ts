/**
 * Which address belongs to which host of a lab: takes note of those a topology names, hands out the others in order.
 */
import {
  type Address,
  addressCount,
  containsAddress,
  familyOf,
  nthAddress,
  parseInterfaceAddress,
  prefixLength,
} from '@weft/ip';
import type { LabIssue } from './issues.ts';
import type { Subnet } from './topology.ts';

const mostHostsTried = 65_534;

/** The addresses of one lab. What is wrong with a named one is added to the issues it was made with. */
export class AddressPlan {
  readonly #issues: LabIssue[];
  readonly #owners = new Map<Address, string>();

  constructor(issues: LabIssue[]) {
    this.#issues = issues;
  }

  /** Takes note of an address that the topology names, as `10.0.0.1/24`. */
  take(host: string, text: string, subnet: Subnet | undefined, path: string): void {
    const parsed = parseInterfaceAddress(text);
    if (!parsed.ok) {
      this.#issues.push({ path, reason: parsed.reason });
      return;
    }
    const { address } = parsed.value;
    const owner = this.#owners.get(address);
    if (owner !== undefined) this.#issues.push({ path, reason: `${address} is given to ${owner} already` });
    this.#owners.set(address, host);
    if (subnet !== undefined && !isInside(address, subnet)) {
      const reason = `${address} is not in subnet ${subnet.name} (${subnet.prefixes.join(', ')})`;
      this.#issues.push({ path, reason });
    }
  }

  /** The first free address of each of the subnet's prefixes, now the host's, as `10.0.0.1/24`. */
  assign(host: string, subnet: Subnet): string[] {
    return subnet.prefixes.flatMap((prefix) => {
      const free = this.#firstFree(prefix);
      if (free === undefined) {
        this.#issues.push({
          path: `subnets.${subnet.name}`,
          reason: `${prefix} has no address left for ${host}`,
        });
        return [];
      }
      this.#owners.set(free, host);
      return [`${free}/${prefixLength(prefix)}`];
    });
  }

  // The first and the last address of a subnet are not for hosts.
  #firstFree(prefix: Subnet['prefixes'][number]): Address | undefined {
    const hosts = Math.min(Number(addressCount(prefix)) - 2, mostHostsTried);
    for (let ordinal = 1; ordinal <= hosts; ordinal++) {
      const candidate = nthAddress(prefix, ordinal);
      if (!this.#owners.has(candidate)) return candidate;
    }
    return undefined;
  }
}

/** A subnet without prefixes of the address's family says nothing about it. */
function isInside(address: Address, subnet: Subnet): boolean {
  const sameFamily = subnet.prefixes.filter((prefix) => familyOf(prefix) === familyOf(address));
  return sameFamily.length === 0 || sameFamily.some((prefix) => containsAddress(prefix, address));
}
