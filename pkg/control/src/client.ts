/** The client: one method per operation. Answers are checked against the same schemas the daemon is built with. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { connectionFailure } from './connection-failure.ts';
import { ControlError } from './error.ts';
import { PATHS } from './paths.ts';
import { type ControlAddress, printControlAddress } from './remote/control-address.ts';
import type { TlsFiles } from './remote/tls-files.ts';
import {
  type AddressHold,
  type AddressRelease,
  type AddressRequest,
  addressHoldSchema,
  addressReleaseSchema,
} from './schema/addresses.ts';
import { type BgpPeers, bgpPeersSchema, type RibRoute, ribPageSchema } from './schema/bgp.ts';
import {
  type DrainStatus,
  drainStatusSchema,
  type Stopping,
  type StopRequest,
  stoppingSchema,
} from './schema/drain.ts';
import {
  type Attachment,
  type AttachRequest,
  attachmentSchema,
  type Detachment,
  detachmentSchema,
  type Endpoint,
  endpointPageSchema,
  endpointSchema,
} from './schema/endpoints.ts';
import { type NodeExplanation, nodeExplanationSchema } from './schema/explain.ts';
import { type PeerExplanation, peerExplanationSchema } from './schema/explain-peer.ts';
import {
  type FuseDecided,
  type FuseDecision,
  type FuseStatus,
  type FuseTable,
  fuseDecidedSchema,
  fuseStatusSchema,
} from './schema/fuse.ts';
import { type AddressHistory, addressHistorySchema } from './schema/history.ts';
import type { Page, PageQuery } from './schema/page.ts';
import { type PoolStatus, poolPageSchema } from './schema/pools.ts';
import {
  type NodeChanges,
  nodeChangesSchema,
  type RouteHistory,
  routeHistorySchema,
} from './schema/record.ts';
import { errorBodySchema } from './schema/refusal.ts';
import { type RouteStatus, routePageSchema } from './schema/routes.ts';
import { type DaemonStatus, daemonStatusSchema, type Health, healthSchema } from './schema/status.ts';
import { checkSocketPath } from './socket-path.ts';

// An import would read every export of node:http, and the one called WebSocket loads undici: some 5 MiB in every process.
const { request } = process.getBuiltinModule('node:http');

/** How long a daemon may take to answer: a little longer than it allows itself, so that its own error arrives. */
const ANSWER_MILLISECONDS = 35_000;
/** The largest answer that is read; a page is below 1 MB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The daemon of another machine. */
export interface RemoteDaemon extends ControlAddress {
  /** What its certificate must name. */
  readonly node: string;
  readonly files: TlsFiles;
}

/** Where a daemon is asked: the path of its socket, or its address. */
export type ControlPlace = string | RemoteDaemon;

/**
 * Talks to one daemon. Every method throws `ControlError`: with the daemon's refusal code, or `unreachable`,
 * `timeout`, `bad-reply` when no usable answer came. Each call is a connection of its own; nothing needs closing.
 */
export class ControlClient {
  /** The path of the socket, or HOST:PORT, for messages. */
  readonly place: string;
  readonly #where: ControlPlace;
  readonly #timeoutMilliseconds: number;

  constructor(where: ControlPlace, options: { readonly timeoutMilliseconds?: number } = {}) {
    if (typeof where === 'string') checkSocketPath(where);
    this.place = typeof where === 'string' ? where : printControlAddress(where);
    this.#where = where;
    this.#timeoutMilliseconds = options.timeoutMilliseconds ?? ANSWER_MILLISECONDS;
  }

  /** Who gives it up by `signal` gets the signal's reason thrown. */
  status(signal?: AbortSignal): Promise<DaemonStatus> {
    return this.#call(daemonStatusSchema, 'GET', PATHS.status, undefined, signal);
  }

  bgpPeers(): Promise<BgpPeers> {
    return this.#call(bgpPeersSchema, 'GET', PATHS.bgpPeers);
  }

  rib(query: Partial<PageQuery> = {}): Promise<Page<RibRoute>> {
    return this.#call(ribPageSchema, 'GET', PATHS.rib + queryText(query));
  }

  routes(query: Partial<PageQuery> = {}): Promise<Page<RouteStatus>> {
    return this.#call(routePageSchema, 'GET', PATHS.routes + queryText(query));
  }

  endpoints(query: Partial<PageQuery> = {}): Promise<Page<Endpoint>> {
    return this.#call(endpointPageSchema, 'GET', PATHS.endpoints + queryText(query));
  }

  /** One endpoint; throws `not-found` when there is none of that id. */
  endpoint(id: string): Promise<Endpoint> {
    return this.#call(endpointSchema, 'GET', pathOf(PATHS.endpoints, id));
  }

  /** The pools of addresses, as the node sees them. */
  pools(query: Partial<PageQuery> = {}): Promise<Page<PoolStatus>> {
    return this.#call(poolPageSchema, 'GET', PATHS.pools + queryText(query));
  }

  /** What the journal of the daemon's machine knows of an address. */
  ipamHistory(address: string): Promise<AddressHistory> {
    const query = new URLSearchParams({ address });
    return this.#call(addressHistorySchema, 'GET', `${PATHS.ipamHistory}?${query}`);
  }

  /** What happened to a prefix, or to whatever holds an address. `since` is RFC 3339. */
  history(prefix: string, since?: string): Promise<RouteHistory> {
    const query = new URLSearchParams({ prefix, ...(since !== undefined && { since }) });
    return this.#call(routeHistorySchema, 'GET', `${PATHS.history}?${query}`);
  }

  /** What differs between two times, RFC 3339; throws `not-found` when the record does not go back so far. */
  changes(from: string, to: string): Promise<NodeChanges> {
    return this.#call(nodeChangesSchema, 'GET', `${PATHS.changes}?${new URLSearchParams({ from, to })}`);
  }

  /** What the daemon knows of an address or a prefix. */
  explain(prefix: string): Promise<NodeExplanation> {
    return this.#call(nodeExplanationSchema, 'GET', `${PATHS.explain}?${new URLSearchParams({ prefix })}`);
  }

  /** What it knows of its session with a peer. */
  explainPeer(address: string): Promise<PeerExplanation> {
    const query = new URLSearchParams({ address });
    return this.#call(peerExplanationSchema, 'GET', `${PATHS.explainPeer}?${query}`);
  }

  /** Plugs a container in. Safe to repeat: the second time it answers `already-attached`. */
  attachEndpoint(id: string, wanted: AttachRequest): Promise<Attachment> {
    return this.#call(attachmentSchema, 'PUT', pathOf(PATHS.endpoints, id), wanted);
  }

  /** Takes a container out. Safe to repeat: the second time it answers `not-attached`. */
  detachEndpoint(id: string): Promise<Detachment> {
    return this.#call(detachmentSchema, 'DELETE', pathOf(PATHS.endpoints, id));
  }

  /** Holds an address for a container that comes later. Safe to repeat: the second time it answers `already-held`. */
  holdAddress(id: string, wanted: AddressRequest): Promise<AddressHold> {
    return this.#call(addressHoldSchema, 'PUT', pathOf(PATHS.addresses, id), wanted);
  }

  /** Gives a held address back. Safe to repeat: the second time it answers `not-held`. */
  releaseAddress(address: string): Promise<AddressRelease> {
    return this.#call(addressReleaseSchema, 'DELETE', pathOf(PATHS.addresses, address));
  }

  /** How far the draining of the node has come. */
  drainStatus(): Promise<DrainStatus> {
    return this.#call(drainStatusSchema, 'GET', PATHS.drain);
  }

  /** Begins to drain the node, or goes on. */
  drain(): Promise<DrainStatus> {
    return this.#call(drainStatusSchema, 'PUT', PATHS.drain);
  }

  /** Takes the node back into service. */
  undrain(): Promise<DrainStatus> {
    return this.#call(drainStatusSchema, 'DELETE', PATHS.drain);
  }

  /** Ends the daemon of a drained node; throws `conflict` while the node is in service. */
  stop(request: StopRequest): Promise<Stopping> {
    return this.#call(stoppingSchema, 'POST', PATHS.stop, request);
  }

  /** Mass withdrawals that are held. */
  fuse(): Promise<FuseStatus> {
    return this.#call(fuseStatusSchema, 'GET', PATHS.fuse);
  }

  /** Ends a held withdrawal, or keeps its routes; throws `not-found` when nothing is held. */
  decideFuse(table: FuseTable, decision: FuseDecision): Promise<FuseDecided> {
    return this.#call(fuseDecidedSchema, 'PUT', pathOf(PATHS.fuse, table), decision);
  }

  /** Not ready is an answer here, not an error. */
  async readiness(): Promise<Health> {
    const answer = await this.#send('GET', PATHS.readiness);
    return this.#parse(healthSchema, answer.text);
  }

  /** Whatever is there to be read, as it stands: for who passes it on. `signal` as in `status`. */
  read(path: string, signal?: AbortSignal): Promise<RawAnswer> {
    return this.#send('GET', path, undefined, signal);
  }

  /** Text exposition 0.0.4. */
  async metrics(): Promise<string> {
    return (await this.#send('GET', PATHS.metrics)).text;
  }

  async #call<Reply>(
    schema: z.ZodType<Reply>,
    method: string,
    path: string,
    body?: object,
    givenUp?: AbortSignal,
  ): Promise<Reply> {
    const answer = await this.#send(method, path, body, givenUp);
    if (answer.status === 200) return this.#parse(schema, answer.text);
    const { error } = this.#parse(errorBodySchema, answer.text);
    throw new ControlError(error.code, error.message, error.object, error.hint);
  }

  #parse<Reply>(schema: z.ZodType<Reply>, text: string): Reply {
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new ControlError(
        'bad-reply',
        'The answer is not one this program knows',
        this.place,
        'Is it a weftd, of the same version? Compare with `weftctl version`.',
        { cause },
      );
    }
  }

  async #send(method: string, path: string, body?: object, givenUp?: AbortSignal): Promise<RawAnswer> {
    const late = AbortSignal.timeout(this.#timeoutMilliseconds);
    const signal = givenUp === undefined ? late : AbortSignal.any([late, givenUp]);
    const options = { method, path, signal, agent: false } as const;
    const where = this.#where;
    // No pause between opening and listening for errors. TLS is loaded where it is used.
    const outgoing =
      typeof where === 'string'
        ? request({ ...options, socketPath: where })
        : (await import('./remote/remote-request.ts')).remoteRequest(where, options);
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    outgoing.on('response', (response) => resolve(readAnswer(response)));
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    return promise.catch(async (error) => {
      givenUp?.throwIfAborted();
      if (typeof where === 'string') throw connectionFailure(error, this.place);
      const { expiredSince } = await import('./remote/tls-files.ts');
      throw connectionFailure(error, this.place, { ...where, expired: expiredSince(where.files) });
    });
  }
}

/** Every item of a list, page after page. */
export async function* everyItem<Item>(
  fetchPage: (query: Partial<PageQuery>) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let after: string | undefined;
  do {
    const page: Page<Item> = await fetchPage({ limit: 1000, ...(after === undefined ? {} : { after }) });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

async function readAnswer(response: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw Object.assign(new Error('answer too large'), { code: 'TOO_LARGE' });
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString('utf8'),
  };
}

function queryText(query: Partial<PageQuery>): string {
  const parameters = new URLSearchParams();
  if (query.after !== undefined) parameters.set('after', query.after);
  if (query.limit !== undefined) parameters.set('limit', String(query.limit));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function pathOf(collection: string, name: string): string {
  return `${collection}/${encodeURIComponent(name)}`;
}
