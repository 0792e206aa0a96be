/**
 * HTTP on loopback in front of the control APIs of several daemons: `/nodes/NAME/…` is what NAME's daemon answers to `/…`, and
 * everything else what some daemon does that answers. It reads only, and only for whoever came in by its entrance.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  boundConnections,
  ControlError,
  HTTP_OPTIONS,
  REFUSAL_STATUS,
  type Refusal,
  refuse,
} from '@weft/control';
import type { DaemonTarget } from '../where.ts';
import { Entrance } from './entrance.ts';
import { firstAnswer } from './first-answer.ts';

const NODES = '/v1/dashboard/nodes';

/** How long the names of the nodes are believed, in ms: in a cluster, asking for them opens the datastore. */
const BELIEVED_MS = 60_000;
/** And how long where that may be too long: for a name that is not among them, and after a failure. */
const DOUBTED_MS = 5_000;

/** What goes back to the browser; without a type it is JSON. */
interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Of a daemon's answer: what its page may do has to be heard by the browser, too. */
const PASSED_ON = ['content-type', 'content-security-policy'];

/** In every answer: no other page may take it for its own, whatever it makes of it. */
const HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

/** The server. */
export class Bridge {
  readonly #targets: () => Promise<readonly DaemonTarget[]>;
  readonly #server = createServer(HTTP_OPTIONS);
  #known: Promise<ReadonlyMap<string, DaemonTarget>> | undefined;
  #knownAt = 0;
  /** Whoever has answered is asked first the next time: the files of the page are to be of one version. */
  #answering: string | undefined;

  /** @param targets the daemons that can be asked now */
  constructor(targets: () => Promise<readonly DaemonTarget[]>) {
    this.#targets = targets;
    boundConnections(this.#server);
  }

  /** Listens on 127.0.0.1, and says which address opens the page. Throws what `listen` emits. */
  async listen(port: number): Promise<string> {
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(port, '127.0.0.1', resolve);
    await promise;
    this.#server.off('error', reject);
    const entrance = new Entrance((this.#server.address() as AddressInfo).port);
    this.#server.on('request', (request, response) => void this.#serve(entrance, request, response));
    return entrance.address;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(entrance: Entrance, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { headers, status, text } = await this.#admitted(entrance, request, gone.signal).catch(failed);
    // A body that was not read to its end would be taken for the next request.
    const closing = request.complete ? {} : { connection: 'close' };
    response.writeHead(status, { ...HEADERS, ...headers, ...closing });
    response.end(text);
  }

  async #admitted(entrance: Entrance, request: IncomingMessage, gone: AbortSignal): Promise<Answer> {
    const { headers, method = '', url = '/' } = request;
    const admission = entrance.admit(request);
    if (admission.kind === 'refused')
      return headers.accept?.includes('text/html') ? inWords(admission) : refused(admission);
    if (method !== 'GET')
      return refused(refuse('method-not-allowed', 'The dashboard only reads', method, 'Change by weftctl.'));
    if (admission.kind === 'shown-in') return { status: 303, headers: admission.headers, text: '' };
    return this.#answer(url, gone);
  }

  async #answer(url: string, gone: AbortSignal): Promise<Answer> {
    const nodes = await this.#nodes();
    if (url === NODES)
      return { status: 200, text: JSON.stringify({ nodes: [...nodes.keys()].map(placeOf) }) };
    const [, name, path] = /^\/nodes\/([^/]+)(\/.*)$/.exec(url) ?? [];
    if (name === undefined || path === undefined) return this.#answerOfAny(nodes, url, gone);
    const target = findTarget(nodes, name) ?? findTarget(await this.#nodes(DOUBTED_MS), name);
    if (target !== undefined) return answerOf(target, path, gone);
    return refused(refuse('not-found', 'There is no such node', name, `${NODES} has those that are known.`));
  }

  #answerOfAny(nodes: ReadonlyMap<string, DaemonTarget>, path: string, gone: AbortSignal): Promise<Answer> {
    const turn = (name: string): number => (name === this.#answering ? 0 : 1);
    const inTurn = [...nodes].sort(([left], [right]) => turn(left) - turn(right));
    const ask = async ([name, target]: (typeof inTurn)[number], signal: AbortSignal): Promise<Answer> => {
      const answer = await answerOf(target, path, signal);
      this.#answering = name;
      return answer;
    };
    return firstAnswer(inTurn, ask, gone);
  }

  #nodes(believedMs: number = BELIEVED_MS): Promise<ReadonlyMap<string, DaemonTarget>> {
    const now = performance.now();
    if (this.#known === undefined || now - this.#knownAt > believedMs) {
      this.#knownAt = now;
      this.#known = this.#targets().then(named);
      this.#known.catch(() => {
        this.#knownAt = now - BELIEVED_MS + DOUBTED_MS;
      });
    }
    return this.#known;
  }
}

function findTarget(nodes: ReadonlyMap<string, DaemonTarget>, escaped: string): DaemonTarget | undefined {
  return [...nodes].find(([name]) => encodeURIComponent(name) === escaped)?.[1];
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

async function answerOf({ client }: DaemonTarget, path: string, signal: AbortSignal): Promise<Answer> {
  const { headers, status, text } = await client.read(path, signal);
  const passed = PASSED_ON.flatMap((name) =>
    typeof headers[name] === 'string' ? [[name, headers[name]]] : [],
  );
  return { status, headers: Object.fromEntries(passed), text };
}

function failed(error: unknown): Answer {
  if (error instanceof ControlError)
    return refused(refuse('unavailable', error.what, error.object, error.hint));
  const message = error instanceof Error ? error.message : String(error);
  return refused(refuse('internal', message, 'weftctl dashboard', 'Ask again, or start it anew.'));
}

function refused({ kind: _, ...error }: Refusal): Answer {
  return { status: REFUSAL_STATUS[error.code], text: JSON.stringify({ error }) };
}

/** For whoever sees the answer itself, and not a page that shows it. */
function inWords({ code, hint, message, object }: Refusal): Answer {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return { status: REFUSAL_STATUS[code], headers, text: `${message}: ${object}\n${hint}\n` };
}
