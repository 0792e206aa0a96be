/**
 * The etcd driver: resources under Calico's keys, in Calico's bytes.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kind, type ResourceOf, stringifyJson } from '@weft/resources';
import type { EtcdChoice } from '../choice/datastore-choice.ts';
import {
  type Datastore,
  DatastoreError,
  keyText,
  type ListOptions,
  type OfKind,
  type OnUnreadable,
  type ResourceKey,
  type ResourceList,
  type ResourcePage,
  type Revision,
  type Selection,
  type WatchEvent,
  type WriteOutcome,
} from '../datastore.ts';
import type { NameClaim, NameClaiming } from '../name-claiming.ts';
import { isSelected } from '../selection.ts';
import { EtcdClient } from './client/etcd-client.ts';
import type { EtcdTiming } from './client/timing.ts';
import { compacted, watchRange } from './etcd-watch.ts';
import { HandleNames } from './handle-names.ts';
import type { Range, RawResource } from './mapping/mapping.ts';
import { mappingOf } from './mapping/mappings.ts';
import { type LeasedName, leaseName } from './name-lease.ts';
import type { KeyValue, RangeResponse } from './protobuf/kv.ts';
import { ResourceReader } from './resource-reader.ts';
import { isOurs, outcomeUnknown, replacedByOther } from './uncertain-write.ts';

/** How to open etcd; all of it may be left out. */
export interface EtcdOptions {
  /** Told once of each object whose value nobody can read. Lists and watches pass over it. */
  readonly onUnreadable?: OnUnreadable;
  readonly timing?: EtcdTiming;
}

/** Objects in one answer to a list. */
const PAGE = 500;

/** How often a list begins anew because the history was compacted under it. */
const LIST_ATTEMPTS = 3;

/** How long closing waits until the store has heard that names are free again. */
const FAREWELL_MS = 1000;

/** A revision that no store ever reaches stands for a text that is no revision of etcd. */
const NO_REVISION = Number.MAX_SAFE_INTEGER;

/**
 * Opens an etcd cluster. It has been reached, and has accepted the user, when this resolves.
 *
 * @throws DatastoreError `unavailable` with the reason: nobody listens, TLS or password wrong, no etcd, no answer
 */
export async function openEtcd(choice: EtcdChoice, options: EtcdOptions = {}): Promise<EtcdStore> {
  const client = new EtcdClient(choice, options.timing);
  try {
    await client.probe('/calico/');
    return new EtcdStore(client, options);
  } catch (error) {
    client.close();
    throw error;
  }
}

/** A datastore in etcd. */
export class EtcdStore implements Datastore, NameClaiming {
  readonly #client: EtcdClient;
  readonly #reader: ResourceReader;
  readonly #handles: HandleNames;
  readonly #names = new Set<LeasedName>();

  /** Use `openEtcd`. */
  constructor(client: EtcdClient, options: EtcdOptions) {
    this.#client = client;
    this.#handles = new HandleNames(client);
    this.#reader = new ResourceReader(options.onUnreadable);
  }

  async get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    const kv = await this.#find(key);
    return kv && this.#reader.require(key.kind, kv);
  }

  async list<K extends Kind>(kind: K, options: ListOptions = {}): Promise<ResourceList<K>> {
    this.#requireOpen();
    const { kvs, revision } = await this.#readRange(kind, options.namespace);
    const items = kvs
      .map((kv) => this.#reader.read(kind, kv))
      .filter((item) => item !== undefined)
      .filter((item) => isSelected(item, options));
    return { items: items.sort(byNamespaceAndName), revision: String(revision) };
  }

  async *pages<K extends Kind>(kind: K, size: number): AsyncGenerator<ResourcePage<K>, void, undefined> {
    this.#requireOpen();
    for await (const { kvs } of this.#rangePages(mappingOf(kind).range(), size, 'as it is then')) {
      const page = this.#reader.page(kind, kvs);
      if (page.items.length + page.unreadable.length > 0) yield page;
    }
  }

  async create<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    if (resource.metadata.resourceVersion !== undefined)
      throw invalid(
        resource,
        'a new object has no resourceVersion',
        'Remove it, or update the object instead',
      );
    const creationTimestamp = `${new Date().toISOString().slice(0, 19)}Z`;
    const stamps = { uid: randomUUID(), creationTimestamp };
    const { key, value } = this.#toStore(resource, stamps);
    this.#handles.meet([{ key: Buffer.from(key) }]);
    const { answer, uncertain } = await this.#client.txn({
      compare: [{ key, exists: false }],
      success: [{ kind: 'put', key, value }],
      failure: [{ kind: 'range', key }],
    });
    if (answer.succeeded) return this.#written(resource.kind, key, value, answer.revision, answer.revision);
    if (!uncertain) return { kind: 'already-exists' };
    const found = answer.responses[0]?.[0];
    if (found && mappingOf(resource.kind).hasMetadata) {
      if (!isOurs(found, stamps.uid)) return { kind: 'already-exists' };
      return this.#written(resource.kind, key, value, found.createRevision, found.createRevision);
    }
    if (found && (await replacedByOther(this.#client, found, undefined, value)))
      return { kind: 'already-exists' };
    throw outcomeUnknown(resource, 'created');
  }

  async update<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    const { resourceVersion } = resource.metadata;
    if (resourceVersion === undefined)
      throw invalid(resource, 'an update needs the resourceVersion that was read', 'Read the object first');
    const modRevision = parseRevision(resourceVersion) ?? NO_REVISION;
    const stamps = mappingOf(resource.kind).hasMetadata ? await this.#stampsOf(resource, modRevision) : {};
    if (typeof stamps === 'string') return { kind: stamps };
    const { key, value } = this.#toStore(resource, stamps);
    const { answer, uncertain } = await this.#client.txn({
      compare: [{ key, modRevision }],
      success: [
        { kind: 'put', key, value },
        { kind: 'range', key, keysOnly: true },
      ],
      failure: [{ kind: 'range', key }],
    });
    const found = answer.responses.at(-1)?.[0];
    if (answer.succeeded)
      return this.#written(resource.kind, key, value, found?.createRevision ?? 0, answer.revision);
    if (!uncertain) return { kind: found ? 'conflict' : 'not-found' };
    if (found && (await replacedByOther(this.#client, found, modRevision, value)))
      return { kind: 'conflict' };
    throw outcomeUnknown(resource, 'updated');
  }

  async delete<K extends Kind>(key: ResourceKey<K>, revision?: Revision): Promise<WriteOutcome<K>> {
    for (;;) {
      const found = await this.#find(key);
      if (!found) return { kind: 'not-found' };
      const wanted = revision === undefined ? found.modRevision : parseRevision(revision);
      if (found.modRevision !== wanted) return { kind: 'conflict' };
      const { answer, uncertain } = await this.#client.txn({
        compare: [{ key: found.key.toString(), modRevision: found.modRevision }],
        success: [{ kind: 'delete', key: found.key.toString() }],
        failure: [{ kind: 'range', key: found.key.toString(), keysOnly: true }],
      });
      if (answer.succeeded) return { kind: 'written', resource: this.#reader.readLast(key.kind, found) };
      const other = answer.responses[0]?.[0];
      // Only when it is the same object still, changed by another, can our delete not have come through.
      if (uncertain && other?.createRevision !== found.createRevision) throw outcomeUnknownOf(key);
      if (revision !== undefined) return { kind: other ? 'conflict' : 'not-found' };
    }
  }

  async *watch<K extends Kind>(
    kind: K,
    since: Revision,
    signal: AbortSignal,
    selection: Selection = {},
  ): AsyncGenerator<WatchEvent<K>> {
    this.#requireOpen();
    const revision = parseRevision(since);
    if (revision === undefined) throw compacted(kind);
    const mapping = mappingOf(kind);
    const either = AbortSignal.any([signal, this.#client.closing]);
    for await (const { kind: change, kv } of watchRange(
      this.#client,
      kind,
      mapping.range(),
      revision,
      either,
    )) {
      this.#handles.meet([kv]);
      const at = String(kv.modRevision);
      const name = mapping.nameIn(kv.key.toString());
      if (!name) continue;
      const resource = change === 'put' ? this.#reader.read(kind, kv) : undefined;
      // A value that is not for the reader is as good as removed: what he knew of the object before does not hold any more.
      if (resource && isSelected(resource, selection)) yield { kind: 'put', resource, revision: at };
      else yield { kind: 'delete', key: { kind, ...name }, revision: at };
      if (signal.aborted) return;
      this.#requireOpen();
    }
    if (!signal.aborted) this.#requireOpen();
  }

  async claimName(name: string): Promise<NameClaim> {
    this.#requireOpen();
    const outcome = await leaseName(this.#client, name);
    if ('kind' in outcome) return outcome;
    this.#names.add(outcome);
    return outcome.claim;
  }

  async close(): Promise<void> {
    // A store that is away hears nothing; its leases run out.
    const ends = Promise.all([...this.#names].map(({ end }) => end()));
    if (!this.#client.closing.aborted)
      await Promise.race([ends, sleep(FAREWELL_MS, undefined, { ref: false })]);
    this.#client.close();
  }

  #requireOpen(): void {
    if (this.#client.closing.aborted) throw this.#client.error(undefined);
  }

  /** The object of a name, wherever it is. */
  async #find(key: ResourceKey): Promise<KeyValue | undefined> {
    this.#requireOpen();
    const keys = mappingOf(key.kind).keysNamed(key);
    const [only] = keys;
    if (only === undefined) return undefined;
    if (keys.length === 1) {
      const found = (await this.#client.range({ key: only })).kvs[0];
      return found || key.kind !== 'IPAMHandle' ? found : this.#findHandle(key.name);
    }
    const { answer } = await this.#client.txn({
      compare: [],
      success: keys.map((one) => ({ kind: 'range', key: one })),
      failure: [],
    });
    return answer.responses.flat()[0];
  }

  async #findHandle(name: string): Promise<KeyValue | undefined> {
    const key = await this.#handles.keyNamed(name);
    return key === undefined ? undefined : (await this.#client.range({ key })).kvs[0];
  }

  /** Every key of a kind at one revision, page by page. */
  async #readRange(
    kind: Kind,
    namespace: string | undefined,
  ): Promise<{ kvs: KeyValue[]; revision: number }> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#readPages(kind, namespace);
      } catch (error) {
        const again =
          error instanceof DatastoreError && error.code === 'compacted' && attempt < LIST_ATTEMPTS;
        if (!again) throw error;
      }
    }
  }

  async #readPages(
    kind: Kind,
    namespace: string | undefined,
  ): Promise<{ kvs: KeyValue[]; revision: number }> {
    const kvs: KeyValue[] = [];
    let revision = 0;
    for await (const page of this.#rangePages(mappingOf(kind).range(namespace), PAGE, 'at one revision')) {
      for (const kv of page.kvs) kvs.push(kv);
      revision = page.revision;
    }
    return { kvs, revision };
  }

  /** A range in pages; `at one revision` all are of the first one's, of which `revision` tells. */
  async *#rangePages(
    { key, rangeEnd }: Range,
    limit: number,
    view: 'at one revision' | 'as it is then',
  ): AsyncGenerator<{ readonly kvs: readonly KeyValue[]; readonly revision: number }, void, undefined> {
    let from: string | Buffer = key;
    let revision = 0;
    for (;;) {
      const asked = view === 'at one revision' ? revision : 0;
      const page: RangeResponse = await this.#client.range({ key: from, rangeEnd, limit, revision: asked });
      revision ||= page.revision;
      this.#handles.meet(page.kvs);
      yield { kvs: page.kvs, revision };
      const last = page.kvs.at(-1);
      if (!page.more || !last) return;
      from = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }

  /** Identity and birth of the object that an update replaces, or why there is nothing to replace. */
  async #stampsOf(
    resource: ResourceOf<Kind> & { readonly kind: Kind },
    modRevision: number,
  ): Promise<Record<string, unknown> | 'conflict' | 'not-found'> {
    const kv = await this.#find({ ...resource.metadata, kind: resource.kind });
    if (!kv) return 'not-found';
    if (kv.modRevision !== modRevision) return 'conflict';
    return this.#reader.stampsIn(kv);
  }

  /** The key and the value of a resource. Throws `invalid-resource` when it could not be read back. */
  #toStore(
    resource: ResourceOf<Kind> & { readonly kind: Kind },
    stamps: Record<string, unknown>,
  ): { key: string; value: string } {
    this.#requireOpen();
    const { uid: _, creationTimestamp: __, resourceVersion: ___, ...metadata } = resource.metadata;
    const raw = { ...resource, metadata: { ...metadata, ...stamps } } as unknown as RawResource;
    const mapping = mappingOf(resource.kind);
    const key = mapping.keyOf(raw);
    if (key === undefined)
      throw invalid(resource, 'its name does not fit its content', 'Name it as Calico names such an object');
    const reason = this.#reader.problemWith(raw);
    if (reason !== undefined)
      throw invalid(resource, reason, 'Correct it and try again; nothing was written');
    return { key, value: stringifyJson(mapping.encode(raw)) };
  }

  #written<K extends Kind>(
    kind: K,
    key: string,
    value: string,
    createRevision: number,
    modRevision: number,
  ): WriteOutcome<K> {
    const kv = {
      key: Buffer.from(key),
      value: Buffer.from(value),
      createRevision,
      modRevision,
      lease: 0n,
    };
    return { kind: 'written', resource: this.#reader.require(kind, kv) };
  }
}

/** etcd's revisions are positive integers; what is none is of another store. */
function parseRevision(text: Revision): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

function byNamespaceAndName(
  { metadata: a }: { readonly metadata: { readonly name: string; readonly namespace?: string } },
  { metadata: b }: { readonly metadata: { readonly name: string; readonly namespace?: string } },
): number {
  return compareText(a.namespace ?? '', b.namespace ?? '') || compareText(a.name, b.name);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function invalid(
  { kind, metadata }: { readonly kind: Kind; readonly metadata: { readonly name: string } },
  what: string,
  next: string,
): DatastoreError {
  return new DatastoreError(
    'invalid-resource',
    `Cannot write ${kind} ${keyText(metadata)}: ${what}. ${next}.`,
  );
}

function outcomeUnknownOf(key: ResourceKey): DatastoreError {
  return outcomeUnknown({ kind: key.kind, metadata: key }, 'deleted');
}
