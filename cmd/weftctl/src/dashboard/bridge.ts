/**
 * HTTP on loopback in front of the control APIs of several daemons: `/nodes/NAME/…` is what NAME's daemon answers to `/…`, and
 * everything else what the first daemon that answers does. It reads only, and only for pages of its own.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ControlError, type RawAnswer } from '@weft/control';
import type { DaemonTarget } from '../where.ts';

const NODES = '/v1/dashboard/nodes';

/** How long the names of the nodes are believed, in ms. */
const BELIEVED_MS = 5_000;

/** What goes back to the browser. */
type Answer = Pick<RawAnswer, 'status' | 'text'> & Partial<Pick<RawAnswer, 'headers'>>;

/** The server. */
export class Bridge {
  readonly #targets: () => Promise<readonly DaemonTarget[]>;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #known: Promise<ReadonlyMap<string, DaemonTarget>> | undefined;
  #knownAt = 0;

  /** @param targets the daemons that can be asked now */
  constructor(targets: () => Promise<readonly DaemonTarget[]>) {
    this.#targets = targets;
  }

  /** Listens on 127.0.0.1, and says at which port. Throws what `listen` emits. */
  async listen(port: number): Promise<number> {
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(port, '127.0.0.1', resolve);
    await promise;
    this.#server.off('error', reject);
    return this.#port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers = {}, status, text } = await this.#answer(request).catch(refusalOf);
    response.writeHead(status, {
      'content-type': headers['content-type'] ?? 'application/json',
      'cache-control': 'no-store',
      ...pageHeaders(headers),
    });
    response.end(text);
  }

  async #answer({ headers, method, url = '/' }: IncomingMessage): Promise<Answer> {
    // A name that somebody made lead here would let their page read what this one does.
    if (headers.host !== `127.0.0.1:${this.#port}` && headers.host !== `localhost:${this.#port}`)
      return refusal(403, 'This is no name of this server', headers.host ?? 'no host');
    if (method !== 'GET') return refusal(405, 'The dashboard only reads', method ?? '');
    const nodes = await this.#nodes();
    if (url === NODES)
      return { status: 200, text: JSON.stringify({ nodes: [...nodes.keys()].map(placeOf) }) };
    const [, name, path] = /^\/nodes\/([^/]+)(\/.*)$/.exec(url) ?? [];
    if (name === undefined || path === undefined) return firstAnswer([...nodes.values()], url);
    const target = nodes.get(decodeURIComponent(name));
    return target === undefined ? refusal(404, 'There is no such node', name) : target.client.read(path);
  }

  #nodes(): Promise<ReadonlyMap<string, DaemonTarget>> {
    const now = performance.now();
    if (this.#known === undefined || now - this.#knownAt > BELIEVED_MS) {
      this.#knownAt = now;
      this.#known = this.#targets().then(named);
    }
    return this.#known;
  }
}

/** Daemons by their nodes. The name of this machine's own is known by asking it. */
async function named(targets: readonly DaemonTarget[]): Promise<ReadonlyMap<string, DaemonTarget>> {
  const entries = targets.map(
    async (target) => [target.name ?? (await target.client.status()).node, target] as const,
  );
  return new Map(await Promise.all(entries));
}

function placeOf(name: string): object {
  return { name, base: `/nodes/${encodeURIComponent(name)}/` };
}

async function firstAnswer(targets: readonly DaemonTarget[], path: string): Promise<Answer> {
  let failure: unknown;
  for (const { client } of targets) {
    try {
      return await client.read(path);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** The daemon says what its page may do; the browser has to hear it. */
function pageHeaders(headers: RawAnswer['headers']): Record<string, string> {
  const names = ['content-security-policy', 'x-content-type-options'];
  return Object.fromEntries(
    names.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
  );
}

function refusalOf(error: unknown): Answer {
  if (error instanceof ControlError) return refusal(502, error.message, error.object);
  return refusal(502, error instanceof Error ? error.message : String(error), 'the daemon');
}

function refusal(status: number, message: string, object: string): Answer {
  return { status, text: JSON.stringify({ error: { message, object } }) };
}
