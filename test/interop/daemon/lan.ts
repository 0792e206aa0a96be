/**
 * A switch with any number of namespaces on it, for cases of more than two.
 *
 *     ends[0] 192.0.2.1/24, 2001:db8::1/64 ─┐
 *     ends[1] 192.0.2.2/24, 2001:db8::2/64 ─┼─ switch
 *     …                                     ─┘
 */
import { type Address, address } from '@weft/ip';
import { ip, type NetworkEnd, nameNetwork, removeNamespace } from './network.ts';

/** Namespaces on one switch. */
export class Lan {
  readonly ends: readonly NetworkEnd[];
  readonly #switch: string;

  private constructor(name: string, size: number) {
    this.#switch = `${name}.switch`;
    this.ends = Array.from({ length: size }, (_, index) => ({
      netns: `${name}.end${index + 1}`,
      ...addressesOf(index),
    }));
  }

  /** @param purpose part of the namespaces' names, such as `route-reflection` */
  static async create(purpose: string, size: number): Promise<Lan> {
    const lan = new Lan(await nameNetwork(purpose), size);
    try {
      await lan.#setUp();
      return lan;
    } catch (error) {
      await lan.remove();
      throw error;
    }
  }

  /** Removes everything. */
  async remove(): Promise<void> {
    for (const netns of [this.#switch, ...this.ends.map((end) => end.netns)]) await removeNamespace(netns);
  }

  async #setUp(): Promise<void> {
    await ip('netns', 'add', this.#switch);
    await ip('-n', this.#switch, 'link', 'add', 'switch', 'up', 'type', 'bridge');
    for (const [index, end] of this.ends.entries()) await this.#plugIn(end, `port${index + 1}`);
  }

  async #plugIn({ netns, ipv4, ipv6 }: NetworkEnd, port: string): Promise<void> {
    await ip('netns', 'add', netns);
    await ip('-n', netns, 'link', 'set', 'lo', 'up');
    await ip(
      ...['-n', this.#switch, 'link', 'add', port, 'up', 'master', 'switch', 'type', 'veth'],
      ...['peer', 'name', 'eth0', 'netns', netns],
    );
    await ip('-n', netns, 'address', 'add', `${ipv4}/24`, 'dev', 'eth0');
    await ip('-n', netns, 'address', 'add', `${ipv6}/64`, 'dev', 'eth0', 'nodad');
    await ip('-n', netns, 'link', 'set', 'eth0', 'up');
  }
}

function addressesOf(index: number): { readonly ipv4: Address; readonly ipv6: Address } {
  return { ipv4: address(`192.0.2.${index + 1}`), ipv6: address(`2001:db8::${index + 1}`) };
}
