/**
 * A lab whose topology of BGP changes while it runs: the resources are written as an operator does, and what became of every
 * session is asked of the nodes.
 */
import { type BgpPeer, ControlClient } from '@weft/control';
import { type Datastore, openDatastore } from '@weft/datastore';
import { resolveLab } from '@weft/lab';
import { apiVersion, type BGPPeer, type Kind, type Node, parseResource } from '@weft/resources';
import type { TestLab } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** What a Node says of itself in BGP, as far as an operator changes it. */
export interface NodeChange {
  readonly labels?: Record<string, string>;
  /** `null`: it is a reflector no more. */
  readonly clusterId?: string | null;
  readonly asNumber?: number | null;
}

/** The resources and the sessions of a lab. */
export class Changing {
  readonly #lab: TestLab;
  readonly #store: Datastore;

  private constructor(lab: TestLab, store: Datastore) {
    this.#lab = lab;
    this.#store = store;
  }

  static async of(lab: TestLab): Promise<Changing> {
    return new Changing(lab, await openDatastore((await resolveLab(lab.name)).datastore));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** Creates a resource, or gives it another spec. */
  async put(
    kind: 'BGPConfiguration' | 'BGPFilter' | 'BGPPeer',
    name: string,
    spec: object,
    annotations: Record<string, string> = {},
  ): Promise<void> {
    const parsed = parseResource({ apiVersion, kind, metadata: { name, annotations }, spec });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
    const resource = parsed.resource as BGPPeer;
    await this.#again(async () => {
      const current = await this.#store.get({ kind, name });
      if (current === undefined) return this.#store.create(resource);
      return this.#store.update({ ...current, spec: resource.spec } as BGPPeer);
    });
  }

  async remove(kind: Kind, name: string): Promise<void> {
    await this.#store.delete({ kind, name });
  }

  /** Changes a Node, of which weftd writes other parts at the same time. */
  async change(name: string, { asNumber, clusterId, labels }: NodeChange): Promise<void> {
    await this.#again(async () => {
      const current = (await this.#store.get({ kind: 'Node', name })) as Node;
      const { routeReflectorClusterID, asNumber: formerAsn, ...bgp } = current.spec.bgp ?? {};
      const cluster = clusterId === undefined ? routeReflectorClusterID : (clusterId ?? undefined);
      const asn = asNumber === undefined ? formerAsn : (asNumber ?? undefined);
      return this.#store.update({
        ...current,
        metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...labels } },
        spec: {
          ...current.spec,
          bgp: {
            ...bgp,
            ...(cluster && { routeReflectorClusterID: cluster }),
            ...(asn && { asNumber: asn }),
          },
        },
      } as Node);
    });
  }

  /** The peers of a host. */
  async peers(host: string): Promise<readonly BgpPeer[]> {
    const { peers } = await new ControlClient(await this.#lab.controlSocket(host)).bgpPeers();
    return peers;
  }

  /** Every session of the hosts, `node1 10.1.0.2`, with how often it has come up. */
  async sessions(hosts: readonly string[]): Promise<Record<string, number>> {
    const all = await Promise.all(
      hosts.map(async (host) =>
        (await this.peers(host)).map(
          ({ address, counters }) => [`${host} ${address}`, counters.established] as const,
        ),
      ),
    );
    return Object.fromEntries(all.flat());
  }

  /** Waits until the hosts have these sessions, all Established, and no others. */
  async settle(wanted: Readonly<Record<string, readonly string[]>>): Promise<void> {
    for (const [host, addresses] of Object.entries(wanted)) {
      const last: { seen: readonly BgpPeer[] } = { seen: [] };
      try {
        await waitFor(
          `${host} has exactly ${addresses.join(', ')}`,
          async () => {
            last.seen = await this.peers(host);
            const isUp = last.seen.every(({ state, info }) => state === 'Established' && info === '');
            return isUp && `${last.seen.map(({ address }) => address).sort()}` === `${[...addresses].sort()}`;
          },
          90_000,
          50,
        );
      } catch (error) {
        const seen = last.seen.map(({ address, state, info }) => `${address} ${state} ${info}`).join('\n');
        throw new Error(`${(error as Error).message}\n${seen}`);
      }
    }
  }

  /** A write that lost against another is made again. */
  async #again(write: () => Promise<{ readonly kind: string }>): Promise<void> {
    await waitFor('the write wins', async () => (await write()).kind === 'written');
  }
}
