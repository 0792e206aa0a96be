/** Other Nodes that say they have an address of this one: whoever looks for the reason of lost packets is told both names. */
import { familyOf } from '@weft/ip';
import { type Node, nodeAddress, nodeAddresses } from '@weft/resources';
import type { Logger } from '@weft/telemetry';

/** Watches the addresses of Nodes. */
export class AddressClaims {
  readonly #nodeName: string;
  readonly #log: Logger;
  #known: readonly string[] = [];

  constructor(nodeName: string, log: Logger) {
    this.#nodeName = nodeName;
    this.#log = log;
  }

  /** The claims of others, in words: each is logged when it comes. */
  look(nodes: readonly Node[]): readonly string[] {
    const found = claimsOn(this.#nodeName, nodes);
    for (const claim of found.filter((one) => !this.#known.includes(one)))
      this.#log.error('node-address-claimed', claim, {
        hint: 'give one of the two another address, or delete the Node that is gone',
      });
    this.#known = found;
    return found;
  }
}

function claimsOn(nodeName: string, nodes: readonly Node[]): string[] {
  const own = nodes.find(({ metadata }) => metadata.name === nodeName);
  if (own === undefined) return [];
  const others = nodes.filter(({ metadata }) => metadata.name !== nodeName);
  return nodeAddresses(own).flatMap((address) => {
    const claimants = others.filter((other) => nodeAddress(other, familyOf(address)) === address);
    return claimants.map(
      ({ metadata }) =>
        `Node ${metadata.name} says that it has ${address}, the address of this node, ${nodeName}`,
    );
  });
}
