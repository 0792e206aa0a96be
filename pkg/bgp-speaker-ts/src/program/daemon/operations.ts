/**
 * Which request means what; the list of them is in `protocol.ts`.
 */

import { type Prefix, parsePrefix } from '@weft/ip';
import type { z } from 'zod';
import type { LocalRoute } from '../../speaker/config.ts';
import { CeaseSubcode } from '../../wire/iana.ts';
import { ipPrefix, oneOf, text } from '../config/fields.ts';
import { readIssue } from '../config/mistake.ts';
import { routeSchema } from '../config/route-schema.ts';
import { type Complete, field, list, object, optional } from '../config/schema.ts';
import { showPath } from '../config/yaml-lines.ts';
import type { Failure } from '../failure.ts';
import type { Answer, Daemon } from './daemon.ts';
import { listRib, readRibQuery } from './rib-list.ts';
import type { Batches } from './stream.ts';
import { unknownPeer } from './unknown-peer.ts';

/** What goes back to the client. */
export type Reply =
  | { readonly kind: 'json'; readonly value: object }
  | { readonly kind: 'lines'; readonly batches: Batches }
  | { readonly kind: 'bytes'; readonly chunks: AsyncIterable<Uint8Array> }
  | {
      readonly kind: 'refused';
      readonly status: 400 | 404 | 409 | 500;
      readonly failures: readonly Failure[];
    };

/** One request. */
interface Request {
  readonly daemon: Daemon;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly signal: AbortSignal;
}

type Operation = (request: Request) => Reply | Promise<Reply>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /v1/status': ({ daemon }) => json(daemon.status()),
  'GET /v1/rib': ({ daemon, query }) => {
    const read = readRibQuery(query, daemon.peers());
    return read.ok
      ? { kind: 'lines', batches: listRib(daemon.server, read.value) }
      : refuse(400, read.failures);
  },
  'GET /v1/explain': ({ daemon, query }) => {
    const prefix = parsePrefix(query.get('prefix') ?? '');
    return prefix.ok ? json(daemon.explain(prefix.value)) : refuse(400, [wrongPrefix(query, prefix.reason)]);
  },
  'GET /v1/events': ({ daemon, query, signal }) => ({
    kind: 'lines',
    batches: daemon.watchers.watch(query.get('routes') === 'true', signal),
  }),
  'GET /v1/mrt': ({ daemon, query }) => ({
    kind: 'bytes',
    chunks: daemon.server.dumpMrt(query.get('table') === 'loc' ? 'loc-rib' : 'adj-rib-in'),
  }),
  'POST /v1/reload': async ({ daemon }) => answer(await daemon.reload()),
  'POST /v1/announce': ({ daemon, body }) =>
    withBody(announceSchema, body, ({ routes }) => json(daemon.announce(routes))),
  'POST /v1/withdraw': ({ daemon, body }) =>
    withBody(withdrawSchema, body, ({ prefixes }) => answer(daemon.withdraw(prefixes))),
};

const announceSchema: z.ZodType<{ readonly routes: readonly LocalRoute[] }> = object({
  routes: list(routeSchema),
});
const withdrawSchema: z.ZodType<{ readonly prefixes: readonly Prefix[] }> = object({
  prefixes: list(field(ipPrefix)),
});
const peerCommandSchema: z.ZodType<PeerCommandBody> = object({
  direction: optional(oneOf('in', 'out'), 'for refresh'),
  communication: optional(text, 'for stop and reset'),
});

type PeerCommandBody = Complete<{ direction?: 'in' | 'out'; communication?: string }>;

const PEER_PATH = /^\/v1\/peers\/([^/]+)\/(start|stop|reset|refresh)$/;

/** Answers a request. */
export function operate(
  daemon: Daemon,
  method: string,
  url: URL,
  body: string,
  signal: AbortSignal,
): Reply | Promise<Reply> {
  const request: Request = { daemon, query: url.searchParams, body, signal };
  const [, peer, command] = PEER_PATH.exec(url.pathname) ?? [];
  if (method === 'POST' && peer !== undefined && command !== undefined) {
    return commandPeer(request, decodeURIComponent(peer), command as PeerCommandName);
  }
  const operation = OPERATIONS[`${method} ${url.pathname}`];
  if (operation !== undefined) return operation(request);
  const message = 'the daemon knows no such request';
  const hint = 'use the commands of the same version as the daemon';
  return refuse(404, [{ message, object: `${method} ${url.pathname}`, hint }]);
}

type PeerCommandName = 'start' | 'stop' | 'reset' | 'refresh';

function commandPeer({ daemon, body }: Request, name: string, command: PeerCommandName): Reply {
  const peer = daemon.peers().find((address) => address === name);
  if (peer === undefined) return refuse(404, [unknownPeer(name, daemon.peers())]);
  return withBody(peerCommandSchema, body === '' ? '{}' : body, ({ direction, communication }) => {
    if (command === 'start') daemon.command({ kind: 'start-peer', peer });
    else if (command === 'refresh')
      daemon.command({ kind: 'refresh-peer', peer, direction: direction ?? 'in' });
    else {
      const subcode =
        command === 'stop' ? CeaseSubcode.administrativeShutdown : CeaseSubcode.administrativeReset;
      daemon.command({ kind: `${command}-peer`, peer, reason: { subcode, communication } });
    }
    return json({ peer, command });
  });
}

function withBody<T>(schema: z.ZodType<T>, body: string, use: (value: T) => Reply): Reply {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    const message = `the request is not JSON: ${(error as Error).message}`;
    return refuse(400, [{ message, object: 'request', hint: 'see "The control socket" in the README' }]);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return use(parsed.data);
  const failures = parsed.error.issues.flatMap(readIssue).map(({ path, reason, hint: _ }) => ({
    message: `the request is wrong: ${showPath(path)} ${reason}`,
    object: showPath(path),
    hint: 'correct the value and send it again',
  }));
  return refuse(400, failures);
}

function wrongPrefix(query: URLSearchParams, reason: string): Failure {
  const object = query.get('prefix') ?? 'prefix';
  return { message: `the prefix cannot be read: ${reason}`, object, hint: 'write it as 10.1.0.0/26' };
}

function answer<T extends object>(result: Answer<T>): Reply {
  return result.ok ? json(result.value) : refuse(409, result.failures);
}

function json(value: object): Reply {
  return { kind: 'json', value };
}

function refuse(status: 400 | 404 | 409, failures: readonly Failure[]): Reply {
  return { kind: 'refused', status, failures };
}
