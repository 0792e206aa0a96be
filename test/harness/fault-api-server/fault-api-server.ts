/**
 * A small API server that breaks on command. It speaks as much of Kubernetes' HTTP as the driver uses: discovery, paged
 * lists, watches with bookmarks and resume, writes with conflicts and preconditions, the CRDs of Calico in either group,
 * Nodes and Pods. What it knows of correct behaviour was compared with a real server by running the same suite on both.
 *
 *     request ──▶ token? ──▶ fault in force? ──▶ list, watch, get, write over `Objects`
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { definitionOf, kindNames, parseJson, stringifyJson } from '@weft/resources';
import type { CertificateFiles } from '../certificates.ts';
import { type Address, addressOf } from './address.ts';
import { Objects, type StoredObject } from './objects.ts';
import type { Rbac } from './rbac.ts';
import { selectionOf } from './selection.ts';
import { failed, missing, type Reply, write } from './writes.ts';

/** What to do with a request instead of answering it rightly. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly text?: string;
      readonly retryAfterSeconds?: number;
    }
  /** The connection breaks before anything is done. */
  | { readonly kind: 'cut' }
  /** All is done, and the connection breaks before the answer. */
  | { readonly kind: 'lose-answer' }
  /** Nothing ever comes. */
  | { readonly kind: 'hang' }
  /** The right answer, later. */
  | { readonly kind: 'slow'; readonly milliseconds: number };

/** What Kubernetes itself brings. */
const NATIVE_COLLECTIONS = [
  'v1/nodes',
  'v1/pods',
  'v1/namespaces',
  'v1/services',
  'v1/secrets',
  'v1/configmaps',
  'discovery.k8s.io/v1/endpointslices',
  'coordination.k8s.io/v1/leases',
];

/** Which API the server has. */
export interface FaultServerOptions {
  /** False for CRDs like most Calicos', which know of no status; those of manifests/ keep it apart. */
  readonly statusApart?: boolean;
  /** Groups of Calico's CRDs that are installed. */
  readonly groups: readonly ('crd.projectcalico.org/v1' | 'projectcalico.org/v3')[];
  readonly tls?: CertificateFiles;
  /** The file of the authority that must have signed a client's certificate; with `tls` only. */
  readonly clientCa?: string;
  /** The only token that is accepted; none is asked for when absent. */
  readonly token?: string;
  /** Who may do what; everybody everything when absent. */
  readonly rbac?: Rbac;
}

interface ActiveFault {
  readonly match: RegExp;
  readonly fault: Fault;
  timesLeft: number;
}

interface Watch {
  readonly response: ServerResponse;
  readonly collection: string;
  readonly wantsBookmarks: boolean;
}

/** Starts a server on loopback. */
export async function startFaultServer(options: FaultServerOptions): Promise<FaultApiServer> {
  const server = new FaultApiServer(options);
  await server.start();
  return server;
}

/** The server; its methods are what can happen to one. */
export class FaultApiServer {
  readonly objects: Objects = new Objects();
  /** The token that is accepted; it may change. */
  token: string | undefined;
  /** How a watch from a forgotten revision is refused: real servers do both. */
  goneAs: 'status' | 'event' = 'status';
  /** `METHOD path?query` of every request so far. */
  readonly requests: string[] = [];
  readonly #options: FaultServerOptions;
  readonly #collections: ReadonlySet<string>;
  /** Collections of custom resources whose status is kept apart. */
  readonly #haveStatus: ReadonlySet<string>;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<Watch>();
  readonly #pages = new Map<string, { readonly rest: StoredObject[]; readonly revision: number }>();
  #faults: ActiveFault[] = [];
  #server: http.Server | https.Server | undefined;
  #port = 0;
  #cutInEvent = false;

  constructor(options: FaultServerOptions) {
    this.#options = options;
    this.token = options.token;
    this.#collections = new Set([
      ...NATIVE_COLLECTIONS,
      ...options.groups.flatMap((group) => pluralsOf(group).map((plural) => `${group}/${plural}`)),
    ]);
    const apart = options.statusApart === false ? [] : kindNames.filter((kind) => definitionOf(kind).status);
    this.#haveStatus = new Set(
      options.groups.flatMap((group) => apart.map((kind) => `${group}/${definitionOf(kind).plural}`)),
    );
  }

  get url(): string {
    return `${this.#options.tls ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  /** Listens, on the same port as before. */
  async start(): Promise<void> {
    const { tls, clientCa } = this.#options;
    const handle = (request: IncomingMessage, response: ServerResponse) =>
      void this.#handle(request, response);
    const server = tls
      ? https.createServer(
          {
            cert: readFileSync(tls.cert),
            key: readFileSync(tls.key),
            ...(clientCa !== undefined && { ca: readFileSync(clientCa), requestCert: true }),
          },
          handle,
        )
      : http.createServer(handle);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Ends at once, as a killed process does; what was written stays. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    this.cutConnections();
    await closed;
  }

  /** Breaks every connection, wherever in an answer it is. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The next event of any watch is written half, and its connection breaks. */
  cutInNextEvent(): void {
    this.#cutInEvent = true;
  }

  /** Ends the watches in an orderly way, as the server does when their time is over. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end();
  }

  /** Forgets all changes up to now, and the lists that are read half. */
  compact(): void {
    this.objects.compact();
    this.#pages.clear();
  }

  /** Tells every watch how far it is. */
  sendBookmarks(): void {
    for (const { response, wantsBookmarks } of this.#watches) {
      if (!wantsBookmarks) continue;
      const object = { kind: 'Bookmark', metadata: { resourceVersion: String(this.objects.revision) } };
      response.write(`${stringifyJson({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** Bytes of events that the clients have not taken. */
  get backlogBytes(): number {
    return [...this.#watches].reduce((sum, { response }) => sum + response.writableLength, 0);
  }

  /** How many watches are open. */
  get watchCount(): number {
    return this.#watches.size;
  }

  /** Breaks requests whose `METHOD path?query` matches, so many times. */
  fail(match: RegExp, fault: Fault, times: number = Number.POSITIVE_INFINITY): void {
    this.#faults.push({ match, fault, timesLeft: times });
  }

  /** Ends all faults that `fail` has set. */
  heal(): void {
    this.#faults = [];
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${request.method} ${request.url}`;
    this.requests.push(line);
    const text = await bodyOf(request).catch(() => undefined);
    if (text === undefined) return;
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`)
      return reply(response, failed(401, 'Unauthorized', 'Unauthorized'));
    const fault = this.#faultFor(line);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'cut') return void request.socket.destroy();
    if (fault?.kind === 'status') return replyWith(response, fault);
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
    const url = new URL(request.url ?? '/', this.url);
    const { method = 'GET' } = request;
    const refusal = this.#options.rbac?.refuse(method, url, tokenOf(request));
    if (refusal !== undefined) return reply(response, refusal);
    if (url.searchParams.get('watch') === 'true') return this.#startWatch(url, response);
    const answer = this.#answer(method, url, text);
    if (fault?.kind === 'lose-answer') return void request.socket.destroy();
    reply(response, answer);
  }

  #faultFor(line: string): Fault | undefined {
    const active = this.#faults.find(({ match, timesLeft }) => timesLeft > 0 && match.test(line));
    if (active) active.timesLeft--;
    return active?.fault;
  }

  #answer(method: string, url: URL, text: string): Reply | undefined {
    if (url.pathname === '/apis') return { status: 200, body: this.#groupList() };
    const address = this.#known(url.pathname);
    if (!address) return undefined;
    if (method !== 'GET')
      return write(
        this.objects,
        method,
        address,
        text === '' ? undefined : parseJson(text),
        this.#haveStatus.has(address.collection),
      );
    if (address.name === undefined) return this.#list(address, url.searchParams);
    const object = this.objects.get(address.collection, address.name, address.namespace);
    return object ? { status: 200, body: object } : missing(address);
  }

  /** The address of a collection that is installed. Few custom resources have a status of their own. */
  #known(path: string): Address | undefined {
    const address = addressOf(path);
    if (!address || !this.#collections.has(address.collection)) return undefined;
    const hasStatus = address.collection.startsWith('v1/') || this.#haveStatus.has(address.collection);
    return address.isStatus && !hasStatus ? undefined : address;
  }

  #groupList(): object {
    const groups = this.#options.groups.map((group) => ({ name: group.split('/')[0] }));
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: [{ name: 'apps' }, ...groups] };
  }

  #list({ collection, namespace }: Address, query: URLSearchParams): Reply {
    const token = query.get('continue');
    const page = token
      ? this.#pages.get(token)
      : {
          rest: this.objects.list(collection, namespace).filter(selectionOf(query, namespace)),
          revision: this.objects.revision,
        };
    if (!page) return failed(410, 'Expired', 'The provided continue parameter is too old');
    const limit = Number(query.get('limit') ?? 0) || page.rest.length;
    const rest = page.rest.slice(limit);
    const next = rest.length > 0 ? `${page.revision}.${rest.length}.${collection}` : undefined;
    if (next) this.#pages.set(next, { rest, revision: page.revision });
    const metadata = { resourceVersion: String(page.revision), ...(next && { continue: next }) };
    return { status: 200, body: { kind: 'List', metadata, items: page.rest.slice(0, limit) } };
  }

  #startWatch({ pathname, searchParams }: URL, response: ServerResponse): void {
    const address = this.#known(pathname);
    const since = Number(searchParams.get('resourceVersion'));
    if (!address) reply(response, undefined);
    else if (this.goneAs === 'status' && !this.objects.changesAfter(address.collection, since))
      reply(response, this.#gone(since));
    else this.#watch(address, since, searchParams, response);
  }

  #gone(since: number): Reply {
    return failed(410, 'Expired', `too old resource version: ${since} (${this.objects.revision})`);
  }

  #watch(
    { collection, namespace }: Address,
    since: number,
    query: URLSearchParams,
    response: ServerResponse,
  ): void {
    let sent = since;
    const isSelected = selectionOf(query, namespace);
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const wantsBookmarks = query.get('allowWatchBookmarks') === 'true';
    const watch = { response, collection, wantsBookmarks };
    const send = (): void => {
      const changes = this.objects.changesAfter(collection, sent);
      if (!changes)
        return void response.end(`${stringifyJson({ type: 'ERROR', object: this.#gone(sent).body })}\n`);
      for (const { type, object, revision } of changes) {
        // What leaves a selection is deleted for its readers.
        if (isSelected(object)) this.#sendEvent(response, { type, object });
        else if (type === 'MODIFIED') this.#sendEvent(response, { type: 'DELETED', object });
        sent = revision;
      }
      // A watch that is up to date stays so, however much is forgotten.
      sent = Math.max(sent, this.objects.revision);
    };
    const stop = this.objects.onChange(send);
    const timer = setTimeout(() => response.end(), Number(query.get('timeoutSeconds')) * 1000);
    this.#watches.add(watch);
    response.on('close', () => {
      stop();
      clearTimeout(timer);
      this.#watches.delete(watch);
    });
    send();
  }

  #sendEvent(response: ServerResponse, event: object): void {
    if (response.destroyed || response.writableEnded) return;
    const line = `${stringifyJson(event)}\n`;
    if (!this.#cutInEvent) return void response.write(line);
    this.#cutInEvent = false;
    const half = line.slice(0, Math.floor(line.length / 2));
    response.write(half, () => response.destroy());
  }
}

function pluralsOf(group: string): string[] {
  return kindNames.flatMap((kind) => {
    const { crd, plural } = definitionOf(kind);
    if (crd === false) return [];
    return [typeof crd === 'object' && group === 'crd.projectcalico.org/v1' ? crd.plural : plural];
  });
}

function tokenOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function reply(response: ServerResponse, answer: Reply | undefined): void {
  if (!answer) response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
  else
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(stringifyJson(answer.body));
}

function replyWith(response: ServerResponse, fault: Fault & { kind: 'status' }): void {
  const { status, text, retryAfterSeconds } = fault;
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  if (text === undefined) reply(response, failed(status, 'Fault', 'a fault of the test'));
  else response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}
