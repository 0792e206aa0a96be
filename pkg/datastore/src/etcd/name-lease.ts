/**
 * A name held by a lease: the key `/weft/v1/claims/<name>` says who holds it, and goes when nobody keeps the lease alive.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson, stringifyJson } from '@weft/resources';
import { DatastoreError } from '../datastore.ts';
import type { NameClaim, NameHolder } from '../name-claiming.ts';
import type { EtcdClient } from './client/etcd-client.ts';
import { isEnded, type ProcessIdentity, thisProcess } from './process-identity.ts';
import type { KeyValue } from './protobuf/kv.ts';

const ROOT = '/weft/v1/claims/';

/** Between two looks at a name that may become free. */
const LOOK_EVERY_MS = 500;

/** A claim that was made, with what the store needs to end it. */
export interface LeasedName {
  readonly claim: NameClaim & { readonly kind: 'claimed' };
  /** Lets go of the name; resolves when the store has heard of it. Never rejects: the lease runs out in any case. */
  readonly end: () => Promise<void>;
}

/** Claims a name, or says who has it. A holder whose end can be seen from here is replaced at once. */
export async function leaseName(
  client: EtcdClient,
  name: string,
): Promise<LeasedName | (NameClaim & { readonly kind: 'taken' })> {
  const { claimTtlSeconds } = client.timing;
  const patientUntil = performance.now() + claimTtlSeconds * 1000 + 2 * LOOK_EVERY_MS;
  const held = new HeldName(client, name);
  for (;;) {
    const holder = await held.take();
    if (holder === undefined) return held.leased();
    const patient = performance.now() < patientUntil;
    if (!patient || isEnded(holder.process) === false) return { kind: 'taken', by: holder.by };
    await sleep(LOOK_EVERY_MS, undefined, { signal: client.closing }).catch(() => undefined);
  }
}

/** Another process that has the name. */
interface Other {
  readonly by: NameHolder;
  /** Absent when the value is none of ours. */
  readonly process: ProcessIdentity | undefined;
}

class HeldName {
  readonly #client: EtcdClient;
  readonly #key: string;
  readonly #ended = new AbortController();
  readonly #lost = new AbortController();
  /** Makes a claim known as ours whenever it was written: a restored backup brings an earlier one back. */
  readonly #id = randomUUID();
  #lease = 0n;
  #takes = 0;

  constructor(client: EtcdClient, name: string) {
    this.#client = client;
    this.#key = ROOT + encodeURIComponent(name);
  }

  /** Takes the name under a new lease; returns who has it instead. */
  async take(): Promise<Other | undefined> {
    const { id } = await this.#client.grantLease(this.#client.timing.claimTtlSeconds);
    this.#lease = id;
    // No two of our own are the same, so that what is there is known to be this one when the answer to the transaction was lost.
    const value = stringifyJson({ ...thisProcess(), claim: this.#id, take: ++this.#takes });
    const holder = await this.#put(value, undefined);
    const replaceable = holder && (this.#isOurs(holder) || isEnded(processIn(holder)) === true);
    const other = replaceable ? await this.#put(value, holder.modRevision) : holder;
    if (other === undefined) return undefined;
    await this.#revoke();
    const process = processIn(other);
    return { by: { pid: process?.pid, ...(process && { host: process.host }) }, process };
  }

  leased(): LeasedName {
    void this.#keepAlive();
    const end = async () => {
      if (this.#ended.signal.aborted) return;
      this.#ended.abort();
      await this.#revoke();
    };
    return { claim: { kind: 'claimed', release: () => void end(), lost: this.#lost.signal }, end };
  }

  /** Writes the key if it is not there, or is still that revision; returns what is there instead. */
  async #put(value: string, modRevision: number | undefined): Promise<KeyValue | undefined> {
    const key = this.#key;
    const { answer } = await this.#client.txn({
      compare: [modRevision === undefined ? { key, exists: false } : { key, modRevision }],
      success: [{ kind: 'put', key, value, lease: this.#lease }],
      failure: [{ kind: 'range', key }],
    });
    const found = answer.responses[0]?.[0];
    if (answer.succeeded || found?.value.toString() === value) return undefined;
    return found ?? this.#put(value, undefined);
  }

  #isOurs(holder: KeyValue): boolean {
    return processIn(holder)?.claim === this.#id;
  }

  async #keepAlive(): Promise<void> {
    const signal = AbortSignal.any([this.#ended.signal, this.#client.closing]);
    const everyMs = (this.#client.timing.claimTtlSeconds * 1000) / 3;
    while (!signal.aborted && !this.#lost.signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const { ttlSeconds } = await this.#client.keepLeaseAlive(this.#lease);
        // It ran out while we were cut off. Nobody may have wanted the name meanwhile.
        if (ttlSeconds === 0 && (await this.take()) !== undefined) this.#lost.abort();
      } catch (error) {
        // The store is away: what matters is who has the name when it is back.
        if (!(error instanceof DatastoreError)) throw error;
      }
    }
  }

  async #revoke(): Promise<void> {
    await this.#client.revokeLease(this.#lease).catch(() => undefined);
  }
}

/** What a claim says; an earlier weft did not number them. */
interface Claim extends ProcessIdentity {
  readonly claim?: string;
}

function processIn({ value }: KeyValue): Claim | undefined {
  try {
    return parseJson(value.toString()) as Claim;
  } catch {
    return undefined;
  }
}
