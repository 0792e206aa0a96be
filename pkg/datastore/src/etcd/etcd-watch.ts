/**
 * A watch that outlives its connections: every change of a range once and in order, whichever member tells it. It queues
 * nothing: a reader who is slow stops the stream, and the server reads on from its history when he goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DatastoreError } from '../datastore.ts';
import type { EtcdClient } from './client/etcd-client.ts';
import { DialError, failureOf } from './client/etcd-error.ts';
import { pauseMs } from './client/timing.ts';
import type { Range } from './mapping/mapping.ts';
import type { EtcdEvent, WatchResponse } from './protobuf/watch.ts';

/** The history that a watch wants is gone. */
export function compacted(what: string): DatastoreError {
  return new DatastoreError(
    'compacted',
    `Cannot watch ${what} from there: etcd has forgotten that part of its history. List again and go on from the list.`,
  );
}

/**
 * Every event after the revision `since`, until `signal` aborts.
 *
 * @param what names the range in errors
 * @throws DatastoreError `compacted`, or `unavailable` when no server was found for as long as the client has patience
 */
export async function* watchRange(
  client: EtcdClient,
  what: string,
  range: Range,
  since: number,
  signal: AbortSignal,
): AsyncGenerator<EtcdEvent, void, undefined> {
  const place = new Place(since);
  let failures = 0;
  let lostAt = performance.now();
  while (!signal.aborted) {
    try {
      for await (const response of client.watch({ ...range, startRevision: place.next }, signal)) {
        if (response.compactRevision > 0) throw compacted(what);
        if (response.created && response.revision < place.since)
          await requireRevision(client, range, place, what);
        failures = 0;
        for (const event of place.take(response)) {
          if (signal.aborted) return;
          yield event;
        }
        lostAt = performance.now();
      }
      failures++;
    } catch (error) {
      if (signal.aborted) return;
      const { remedy } = failureOf(error);
      if (error instanceof DatastoreError) throw error;
      failures += error instanceof DialError ? 2 : 1;
      const patient = performance.now() - lostAt < client.timing.patienceMs;
      const hopeless = remedy === 'none' || (remedy === 'new token' && failures > 2);
      if (hopeless || !patient) throw client.error(error);
    }
    await sleep(pauseMs(failures, 2), undefined, { signal }).catch(() => undefined);
  }
}

/**
 * A member that lags behind may not have reached the revision yet, which passes; but a store that as a whole has not was set
 * back, by a restored backup perhaps, and would be silent until it got there.
 */
async function requireRevision(client: EtcdClient, range: Range, place: Place, what: string): Promise<void> {
  const { revision } = await client.range({ ...range, limit: 1, keysOnly: true });
  if (revision < place.since) throw compacted(what);
}

/** How far a watch has come. A revision is told as a whole, so that going on after one neither loses nor repeats. */
class Place {
  /** The last revision that was told in full, or that the server says it is past. */
  since: number;
  /** The events of a revision of which more may follow. */
  #unfinished: EtcdEvent[] = [];

  constructor(since: number) {
    this.since = since;
  }

  get next(): number {
    this.#unfinished = [];
    return this.since + 1;
  }

  /** The events of a response that may be told now. `since` moves on as they are taken. */
  *take({ created, events, fragment, revision }: WatchResponse): Generator<EtcdEvent, void, undefined> {
    // Its revision is the store's, although events before that may follow.
    if (created) return;
    const known = [...this.#unfinished, ...events];
    const last = known.at(-1);
    if (last === undefined) {
      this.since = Math.max(this.since, revision);
      return;
    }
    const held = fragment ? known.filter(({ kv }) => kv.modRevision === last.kv.modRevision) : [];
    this.#unfinished = held;
    for (const event of known.slice(0, known.length - held.length)) {
      yield event;
      this.since = event.kv.modRevision;
    }
  }
}
