/**
 * What a node does about itself around its start: writes its Node, makes the pools that are missing, tells Kubernetes that its
 * network works, and keeps its addresses up to date from then on.
 */
import type { LocalFacts } from '@weft/calc';
import type { Datastore } from '@weft/datastore';
import type { Kernel } from '@weft/kernel';
import type { Node } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import type { Options } from '../options.ts';
import type { LateCluster } from '../store/cluster.ts';
import { AddressClaims } from './address-claims.ts';
import { ensureDefaultPools } from './default-pools.ts';
import { tellNetworkAvailable } from './network-condition.ts';
import type { ChosenAddress } from './node-address.ts';
import { keepNodeName } from './node-name.ts';
import { NodeRegistration } from './node-registration.ts';

/** What the start of a node needs. */
export interface NodeStartupOptions {
  readonly options: Options;
  readonly store: Datastore;
  /** Undefined where the store is in no cluster. */
  readonly cluster: LateCluster | undefined;
  readonly kernel: Kernel;
  readonly facts: () => LocalFacts;
  readonly log: Logger;
  readonly isReady: () => boolean;
  /** Somebody has locked the datastore. */
  readonly isLocked: () => boolean;
}

/** The steps, each of which may be repeated after a DatastoreError. */
export class NodeStartup {
  readonly #with: NodeStartupOptions;
  readonly #registration: NodeRegistration;
  readonly #claims: AddressClaims;
  readonly #stop = new AbortController();

  constructor(options: NodeStartupOptions) {
    this.#with = options;
    this.#registration = new NodeRegistration(options);
    this.#claims = new AddressClaims(options.options.nodeName, options.log);
  }

  /** The addresses of this node, and why those; empty before they are chosen. */
  get addresses(): readonly ChosenAddress[] {
    return this.#registration.addresses;
  }

  /** Chooses the addresses and writes the Node. Throws StartupError and DatastoreError. */
  register(): Promise<void> {
    return this.#registration.register();
  }

  /** Makes the pools that are missing. Throws StartupError and DatastoreError. */
  makePools(): Promise<void> {
    const { cluster, facts, kernel, log, options, store } = this.#with;
    return ensureDefaultPools({
      settings: options.defaultPools,
      store,
      cluster: cluster && (() => cluster.open()),
      facts,
      hasIpv6: () => kernel.readSysctl('net/ipv6/conf/all/disable_ipv6') === '0',
      log,
    });
  }

  /** Keeps the name of the node, at the end of its start. Throws StartupError. */
  keepName(): void {
    const { nodeName, nodenameFile } = this.#with.options;
    keepNodeName(nodenameFile, nodeName);
  }

  /** The Nodes have changed: another may claim an address of this one. */
  hearNodes(nodes: readonly Node[]): void {
    this.#claims.look(nodes);
  }

  /** What goes on after the start. */
  watch(): void {
    const { cluster, isReady, log, options } = this.#with;
    this.#registration.watch();
    if (cluster === undefined) return;
    void tellNetworkAvailable({
      nodeName: options.nodeName,
      cluster: () => cluster.open(),
      log,
      isReady,
      signal: this.#stop.signal,
    });
  }

  /** Ends that. */
  close(): void {
    this.#registration.close();
    this.#stop.abort();
  }
}
