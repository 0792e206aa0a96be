/**
 * The addresses of this node's tunnel devices: taken from IPAM and written into the Node.
 *
 * A device is made before its address is told: once the Node tells it, other nodes send. And it goes before IPAM gets its
 * address back. So this is asked to follow after the devices were seen to.
 */
import { encapsulationOf, TUNNEL_TYPES } from '@weft/calc';
import { DatastoreError } from '@weft/datastore';
import type { Ipam, Tunnel } from '@weft/ipam';
import type { IPPool, Node } from '@weft/resources';
import type { Logger } from '@weft/telemetry';

/** What it needs of the daemon. */
export interface TunnelAddressesOptions {
  readonly nodeName: string;
  readonly ipam: Pick<Ipam, 'ensureTunnels'>;
  readonly log: Logger;
  readonly node: () => Node | undefined;
  /** The same object until one changes. */
  readonly pools: () => readonly IPPool[];
  /** A device is still there that nothing wants any more. */
  readonly isLeaving: () => boolean;
  /** Devices that the kernel cannot make. */
  readonly unsupported: () => readonly string[];
  readonly mayWrite: () => boolean;
}

const retryMilliseconds = 10_000;
const leavingMilliseconds = 1_000;
/** Should somebody have released an address, or a pool have room again. */
const lookMilliseconds = 300_000;

/** See the head of this file. */
export class TunnelAddresses {
  readonly #options: TunnelAddressesOptions;
  #done: { readonly node: Node | undefined; readonly pools: readonly IPPool[] } | undefined;
  #running = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #told = '';

  constructor(options: TunnelAddressesOptions) {
    this.#options = options;
  }

  /** Looks whether the addresses are as they should be; call it when pools, the Node or devices changed. */
  follow(): void {
    const { isLeaving, mayWrite } = this.#options;
    if (this.#running || this.#closed || !mayWrite() || this.#isDone()) return;
    if (isLeaving()) {
      this.#again(leavingMilliseconds);
      return;
    }
    this.#running = true;
    void this.#ensure().finally(() => {
      this.#running = false;
      if (!this.#isDone()) this.#again(retryMilliseconds);
      else if (this.#concerned()) this.#again(lookMilliseconds);
    });
  }

  /** Stops; addresses stay. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #isDone(): boolean {
    if (!this.#concerned()) return true;
    return this.#done?.node === this.#options.node() && this.#done?.pools === this.#options.pools();
  }

  /** A node without tunnels, in a cluster without, has nothing to ask IPAM for. */
  #concerned(): boolean {
    const { node, pools } = this.#options;
    const { ipv4VXLANTunnelAddr, ipv6VXLANTunnelAddr, bgp } = node()?.spec ?? {};
    const told = ipv4VXLANTunnelAddr ?? ipv6VXLANTunnelAddr ?? bgp?.ipv4IPIPTunnelAddr;
    return told !== undefined || pools().some((pool) => encapsulationOf(pool) !== undefined);
  }

  #again(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#done = undefined;
      this.follow();
    }, milliseconds);
    this.#timer.unref();
  }

  async #ensure(): Promise<void> {
    const { ipam, node, nodeName, pools } = this.#options;
    const seen = { node: node(), pools: pools() };
    try {
      const unsupported = this.#options.unsupported().map(tunnelOf);
      const outcome = await ipam.ensureTunnels(nodeName, { wireguardHostEncryption: false, unsupported });
      if (outcome.kind !== 'settled') return this.#tell(outcome.message);
      const refused = outcome.tunnels.filter(({ kind }) => kind === 'refused');
      this.#tell(refused.map(({ tunnel, message }) => `${tunnel}: ${message}`).join('; '));
      // Where the Node was written, the watch brings it anew, and one more look finds it as it should be.
      if (refused.length === 0) this.#done = seen;
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      this.#tell(error.message);
    }
  }

  #tell(trouble: string): void {
    if (trouble === this.#told) return;
    this.#told = trouble;
    if (trouble === '') this.#options.log.info('tunnel-addresses-taken', 'tunnels have their addresses');
    else this.#options.log.error('tunnel-without-address', trouble, { hint: 'tried again by itself' });
  }
}

/** What IPAM calls the tunnel of a device. */
function tunnelOf(deviceName: string): Tunnel {
  const type = TUNNEL_TYPES.find(({ name }) => name === deviceName);
  if (type?.kind === 'ipip') return 'ipip';
  return type?.family === 6 ? 'vxlanV6' : 'vxlan';
}
