/**
 * How a daemon joins its datastore: every step that has to be through before its node can work, each waited for as long as a
 * datastore elsewhere is away or locked.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Refusal, refuse } from '@weft/control';
import type { NameClaim } from '@weft/datastore';
import type { Logger } from '@weft/telemetry';
import type { Attachments } from './endpoints/attachments.ts';
import { type BatchedJournal, mendJournal } from './journal.ts';
import type { Options } from './options.ts';
import type { NodeStartup } from './startup/node-startup.ts';
import { StartupError } from './startup-error.ts';
import type { State } from './state.ts';
import type { ClusterIdentity } from './store/cluster-identity.ts';
import { ensureClusterInformation, isLocked, LOCKED, LOCKED_HINT } from './store/cluster-information.ts';
import type { GuardedStore } from './store/guarded-store.ts';
import { patiently } from './store/patience.ts';

/** How often a start that waits looks whether the datastore has gone away, or its lock, in ms. */
const CHECK_MS = 1_000;

/** What joining works on. */
export interface JoiningOptions {
  readonly options: Options;
  readonly log: Logger;
  readonly store: GuardedStore;
  readonly identity: ClusterIdentity;
  readonly state: State;
  readonly attachments: Attachments;
  readonly journal: BatchedJournal;
  readonly startup: NodeStartup;
  /** It may take long: whoever asks should be told. May be called more than once. */
  readonly delayed: () => Promise<void>;
}

/** A store that comes and goes without this machine: it is waited for. */
export function isElsewhere({ datastore }: Options): boolean {
  return datastore.type !== 'embedded';
}

/** The way from a process to a node that works. */
export class Joining {
  readonly #with: JoiningOptions;
  #awaited: string | undefined = 'it reads the datastore';
  readonly #nameLost = Promise.withResolvers<never>();

  constructor(options: JoiningOptions) {
    this.#with = options;
    // Whoever waits for it comes later than it may happen.
    this.#nameLost.promise.catch(() => undefined);
  }

  /** Rejects when another daemon has taken the node's name, because this one was cut off for too long. */
  get nameLost(): Promise<never> {
    return this.#nameLost.promise;
  }

  /** What it waits for; undefined when it is through. */
  get awaited(): string | undefined {
    return this.#awaited;
  }

  /** Goes the whole way. Throws StartupError, and DatastoreError that will not pass by itself. */
  async run(): Promise<void> {
    const { attachments, journal, log, options, startup, state, store } = this.#with;
    const claim = await this.#whenStoreLets(() => claimNode(store, options));
    claim?.lost?.addEventListener('abort', () => this.#nameLost.reject(nameTaken(options)));
    await this.#whenUnlocked();
    await this.#whenStoreLets(() => startup.register());
    await this.#whenStoreLets(() => startup.makePools());
    await this.#whenStoreLets(() => attachments.load());
    await this.#whenAllIsKnown();
    const blocks = state.ownBlocks().map(({ spec }) => spec.cidr);
    const found = await this.#whenStoreLets(() => mendJournal(journal, store, options.nodeName, blocks));
    if (found > 0)
      log.info('ipam-journal-mended', 'blocks say what the journal of addresses did not', { entries: found });
    const endpoints = await this.#whenStoreLets(() => attachments.reclaim(blocks));
    if (endpoints.length > 0)
      log.warn('addresses-reclaimed', 'attaches that died half-way had taken addresses', { endpoints });
    startup.keepName();
    this.#awaited = undefined;
    state.health.answered();
  }

  /** Why nothing can be plugged in or out yet; undefined when it can. */
  whyNotNow(id: string): Refusal | undefined {
    if (this.#awaited === undefined) return undefined;
    if (this.#awaited === LOCKED) return refuse('unavailable', LOCKED, id, LOCKED_HINT);
    const hint = 'It goes on by itself when the datastore answers: ask again then.';
    const detail = this.#with.state.trouble ?? this.#awaited;
    return refuse('unavailable', `weftd is not through its start: ${detail}`, id, hint);
  }

  #whenStoreLets<T>(attempt: () => Promise<T>): Promise<T> {
    const { delayed, options, state } = this.#with;
    if (!isElsewhere(options)) return attempt();
    return patiently(attempt, {
      sleep,
      failed: async (error) => {
        this.#awaited = 'it waits for the datastore';
        state.health.failed(error);
        await delayed();
      },
    });
  }

  /** Whoever has locked the datastore is moving it, and what is written meanwhile would be lost. */
  async #whenUnlocked(): Promise<void> {
    const { delayed, identity, log, options, store } = this.#with;
    for (;;) {
      const information = await this.#whenStoreLets(async () => {
        identity.requireAtStart(await store.get({ kind: 'ClusterInformation', name: 'default' }));
        return ensureClusterInformation(store, options.datastore.type, randomUUID);
      });
      if (!isLocked(information)) return this.#acceptCluster(information?.spec.clusterGUID);
      if (this.#awaited !== LOCKED) log.warn('datastore-locked', LOCKED, { hint: LOCKED_HINT });
      this.#awaited = LOCKED;
      await delayed();
      await sleep(CHECK_MS);
    }
  }

  #acceptCluster(guid: string | undefined): void {
    const { identity, log } = this.#with;
    if (guid === undefined) return;
    try {
      identity.accept(guid);
    } catch (error) {
      const hint =
        'make room, or make its directory writable: a restart on an emptied datastore could go unnoticed';
      log.warn('cluster-identity-not-kept', (error as Error).message, { hint });
    }
  }

  /** The mirror waits out by itself what passes; here it is only told to whoever asks. */
  async #whenAllIsKnown(): Promise<void> {
    const { delayed, state } = this.#with;
    const known = state.whenInSync().then(() => 'known');
    while ((await Promise.race([known, sleep(CHECK_MS, undefined, { ref: false })])) !== 'known')
      if (state.trouble !== undefined) await delayed();
  }
}

/** Two daemons under one name would undo each other's work. */
async function claimNode(
  store: GuardedStore,
  { nodeName }: Options,
): Promise<Extract<NameClaim, { kind: 'claimed' }> | undefined> {
  const claim = await store.claimName(nodeName);
  if (claim === undefined || claim.kind === 'claimed') return claim;
  const process = claim.by.pid === undefined ? 'another process' : `process ${claim.by.pid}`;
  const holder = claim.by.host === undefined ? process : `${process} on ${claim.by.host}`;
  throw new StartupError(
    `a weftd of that name is running: ${holder}`,
    `node ${nodeName}`,
    'stop it, or give this one another --node-name',
  );
}

function nameTaken({ nodeName }: Options): StartupError {
  return new StartupError(
    'another weftd has taken the name while the datastore was out of reach',
    `node ${nodeName}`,
    'stop one of the two, or give one another --node-name',
  );
}
