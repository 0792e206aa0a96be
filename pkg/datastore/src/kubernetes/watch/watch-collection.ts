/**
 * Watches a collection from a revision on, for as long as it takes: a connection that ends, breaks or falls silent is
 * followed by another one that begins after the last event received.
 *
 *     since ──▶ GET ?watch ──▶ events … bookmark … ──▶ end, break, silence ──▶ GET ?watch from the last revision ──▶ …
 *                   └── 410, here or as an event: that revision is forgotten ──▶ `compacted`
 */
import { parseJson } from '@weft/resources';
import type { Revision } from '../../datastore.ts';
import type { ApiCall } from '../api/api-call.ts';
import type { ApiClient } from '../api/api-client.ts';
import { isStatus, refusal } from '../api/api-failure.ts';
import { pauseAfter } from '../api/backoff.ts';
import { waitOrEnd } from '../api/wait.ts';
import type { KubernetesObject } from '../convert/kubernetes-object.ts';
import { linesOf } from './lines.ts';
import { withQuietLimit } from './quiet-limit.ts';

/** One change as the server tells it. */
export interface RawEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubernetesObject;
}

/** How long a connection of a watch lives. */
export interface WatchOptions {
  /** The server ends it after this, or up to twice as long, so that watches spread over the servers of a cluster. */
  readonly connectionSeconds: number;
  /** Silence after which it counts as dead. Servers send a bookmark about once a minute. */
  readonly mostQuietMs: number;
}

/** How long unless told otherwise. */
export const DEFAULT_WATCH_OPTIONS: WatchOptions = { connectionSeconds: 300, mostQuietMs: 150_000 };

/** More than etcd lets the server store in one object. */
const MOST_LINE_BYTES = 1 << 24;

/** A connection that held this long was healthy: there is no pause before the next. */
const HEALTHY_AFTER_MS = 5_000;

/**
 * Yields every change after `since`, once and in order, until the signal aborts.
 *
 * @param call the list; the watch is the same request with other parameters
 * @throws DatastoreError `compacted` when the server no longer knows the revision; whatever the client throws
 */
export async function* watchCollection(
  client: ApiClient,
  call: ApiCall,
  since: Revision,
  signal: AbortSignal,
  options: WatchOptions,
): AsyncGenerator<RawEvent, void, undefined> {
  let revision = since;
  let failures = 0;
  while (!signal.aborted) {
    const openedAt = performance.now();
    for await (const event of connectionEvents(client, watchCall(call, revision, options), signal, options)) {
      revision = event.object.metadata.resourceVersion ?? revision;
      failures = 0;
      if (event.type !== 'BOOKMARK') yield event as RawEvent;
      if (signal.aborted) return;
    }
    if (client.closed.aborted) throw client.closedError();
    const isHealthy = performance.now() - openedAt > HEALTHY_AFTER_MS;
    failures = isHealthy ? 0 : failures + 1;
    if (failures > 0)
      await waitOrEnd(pauseAfter(failures, Math.random()), AbortSignal.any([signal, client.closed]));
  }
}

interface ConnectionEvent {
  readonly type: RawEvent['type'] | 'BOOKMARK';
  readonly object: KubernetesObject;
}

/** The events of one connection; it ends without a word when the connection does. */
async function* connectionEvents(
  client: ApiClient,
  call: ApiCall,
  signal: AbortSignal,
  { mostQuietMs }: WatchOptions,
): AsyncGenerator<ConnectionEvent, void, undefined> {
  const stream = await openUnlessAborted(client, call, signal);
  if (!stream) return;
  const lines = linesOf(withQuietLimit(stream, mostQuietMs), MOST_LINE_BYTES);
  for (;;) {
    const line = await lines.next().catch(() => undefined); // a broken connection ends like one that was closed
    if (!line || line.done) return;
    const event = eventIn(line.value);
    if (!event) return;
    if (event.type !== 'ERROR') {
      yield event;
      continue;
    }
    const { code = 500 } = event.object;
    if (code < 500 && code !== 429)
      throw refusal(call, client.title, { status: code, body: event.object, text: line.value });
    return;
  }
}

async function openUnlessAborted(client: ApiClient, call: ApiCall, signal: AbortSignal) {
  try {
    return await client.open(call, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function watchCall(call: ApiCall, resourceVersion: Revision, { connectionSeconds }: WatchOptions): ApiCall {
  const seconds = Math.ceil(connectionSeconds * (1 + Math.random()));
  const query = {
    ...call.query,
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(seconds),
  };
  return { ...call, verb: 'watch', query };
}

/** The event on a line; undefined when the line is no event, which ends the connection like any other damage. */
function eventIn(
  line: string,
): ConnectionEvent | { readonly type: 'ERROR'; readonly object: { readonly code?: number } } | undefined {
  try {
    const { type, object } = parseJson(line) as { type: ConnectionEvent['type'] | 'ERROR'; object: unknown };
    if (type === 'ERROR') return isStatus(object) ? { type, object } : { type, object: {} };
    const isKnown = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].includes(type);
    return isKnown && typeof object === 'object' ? { type, object: object as KubernetesObject } : undefined;
  } catch {
    return undefined;
  }
}
