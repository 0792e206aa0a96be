/** Which request means which call of the backend. */
import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import type { ControlBackend } from './backend.ts';
import { type Checked, check, readBody, readBytes } from './body.ts';
import type { DASHBOARD } from './dashboard.ts';
import { PATHS } from './paths.ts';
import { addressRequestSchema, addressSchema } from './schema/addresses.ts';
import { MAX_CNI_CALL_BYTES } from './schema/cni.ts';
import { stopRequestSchema } from './schema/drain.ts';
import { attachRequestSchema, endpointIdSchema } from './schema/endpoints.ts';
import { explainQuerySchema } from './schema/explain.ts';
import { explainPeerQuerySchema } from './schema/explain-peer.ts';
import { fuseDecisionSchema, fuseTableSchema } from './schema/fuse.ts';
import { historyQuerySchema } from './schema/history.ts';
import { type PageQuery, pageQuerySchema } from './schema/page.ts';
import { nodeChangesQuerySchema, routeHistoryQuerySchema } from './schema/record.ts';
import { isRefusal, type Refusal, refuse } from './schema/refusal.ts';
import type { Health } from './schema/status.ts';

/** What goes back to the client: a JSON value, JSON (or nothing) as it stands, a page of text, or a file of the dashboard. */
export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly value: object }
  | { readonly kind: 'raw-json'; readonly status: number; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly type: string; readonly text: string };

/** What a request line asks for. */
export interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** What an operation does to the node: `read` tells, `change` leaves something different. */
export type Access = 'read' | 'change';

/** One operation: its name in logs and metrics, and what it does. */
export interface Operation {
  readonly name: string;
  /** What the asker must be allowed to do. */
  readonly access: Access;
  /** Answered on the TCP address too: only what monitoring needs, and nothing that changes anything. */
  readonly onMetricsAddress: boolean;
  run(backend: ControlBackend, request: IncomingMessage, target: Target): Promise<Reply | Refusal>;
}

const EXACT: Readonly<Record<string, Operation>> = {
  [`GET ${PATHS.status}`]: local('status', 'read', async (backend) => backend.status()),
  [`GET ${PATHS.bgpPeers}`]: local('bgp-peers', 'read', async (backend) => backend.bgpPeers()),
  [`GET ${PATHS.rib}`]: list('bgp-rib', async (backend, query) => backend.rib(query)),
  [`GET ${PATHS.routes}`]: list('routes', async (backend, query) => backend.routes(query)),
  [`GET ${PATHS.endpoints}`]: list('endpoints', async (backend, query) => backend.endpoints(query)),
  [`GET ${PATHS.pools}`]: list('pools', async (backend, query) => backend.pools(query)),
  [`GET ${PATHS.blocks}`]: list('blocks', async (backend, query) => backend.blocks(query)),
  [`GET ${PATHS.dashboardNodes}`]: local('dashboard-nodes', 'read', async (backend) => {
    const status = await backend.status();
    return isRefusal(status) ? status : { nodes: [{ name: status.node, base: '/' }] };
  }),
  ...dashboardFiles('/', '/dashboard.css', '/dashboard.js'),
  [`GET ${PATHS.ipamHistory}`]: query('ipam-history', historyQuerySchema, async (backend, query) =>
    backend.ipamHistory(query),
  ),
  [`GET ${PATHS.explain}`]: query('explain', explainQuerySchema, async (backend, query) =>
    backend.explain(query),
  ),
  [`GET ${PATHS.explainPeer}`]: query('explain-peer', explainPeerQuerySchema, async (backend, query) =>
    backend.explainPeer(query),
  ),
  [`GET ${PATHS.drain}`]: local('drain-status', 'read', async (backend) => backend.drainStatus()),
  [`PUT ${PATHS.drain}`]: local('drain', 'change', async (backend) => backend.drain()),
  [`DELETE ${PATHS.drain}`]: local('undrain', 'change', async (backend) => backend.undrain()),
  [`POST ${PATHS.stop}`]: local('stop', 'change', async (backend, request, { path }) => {
    const wanted = await readBody(request, stopRequestSchema, path);
    return isRefusal(wanted) ? wanted : backend.stop(wanted.value);
  }),
  [`GET ${PATHS.history}`]: query('history', routeHistoryQuerySchema, async (backend, query) =>
    backend.history(query),
  ),
  [`GET ${PATHS.changes}`]: query('changes', nodeChangesQuerySchema, async (backend, query) =>
    backend.changes(query),
  ),
  [`GET ${PATHS.fuse}`]: local('fuse', 'read', async (backend) => backend.fuse()),
  [`POST ${PATHS.cni}`]: {
    name: 'cni',
    access: 'change',
    onMetricsAddress: false,
    run: async (backend, request, { path }) => {
      const call = await readBytes(request, path, MAX_CNI_CALL_BYTES);
      if (isRefusal(call)) return call;
      const { exitCode, stdout } = await backend.cni(call.value);
      return { kind: 'raw-json', status: exitCode === 0 ? 200 : 500, text: stdout };
    },
  },
  [`GET ${PATHS.liveness}`]: health('liveness', (backend) => backend.liveness()),
  [`GET ${PATHS.readiness}`]: health('readiness', (backend) => backend.readiness()),
  [`GET ${PATHS.metrics}`]: {
    name: 'metrics',
    access: 'read',
    onMetricsAddress: true,
    run: async (backend) => ({ kind: 'text', text: backend.metrics() }),
  },
};

/** Operations on one thing, by the path its name follows. */
const BY_NAME: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  [PATHS.endpoints]: {
    GET: named('endpoint', 'read', endpointIdSchema, async (backend, id) => backend.endpoint(id)),
    PUT: named('attach-endpoint', 'change', endpointIdSchema, async (backend, id, request) => {
      const wanted = await readBody(request, attachRequestSchema, id);
      return isRefusal(wanted) ? wanted : backend.attachEndpoint(id, wanted.value);
    }),
    DELETE: named('detach-endpoint', 'change', endpointIdSchema, async (backend, id) =>
      backend.detachEndpoint(id),
    ),
  },
  [PATHS.fuse]: {
    PUT: named('decide-fuse', 'change', fuseTableSchema, async (backend, table, request) => {
      const decision = await readBody(request, fuseDecisionSchema, table);
      return isRefusal(decision) ? decision : backend.decideFuse(table, decision.value);
    }),
  },
  [PATHS.addresses]: {
    PUT: named('hold-address', 'change', endpointIdSchema, async (backend, id, request) => {
      const wanted = await readBody(request, addressRequestSchema, id);
      return isRefusal(wanted) ? wanted : backend.holdAddress(id, wanted.value);
    }),
    DELETE: named('release-address', 'change', addressSchema, async (backend, address) =>
      backend.releaseAddress(address),
    ),
  },
};

const KNOWN_PATHS = new Set<string>(Object.values(PATHS));

/** Splits a request target; one that is not a path (`*`, `http://…`) is found nowhere later. */
export function parseTarget(target: string): Target {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** The operation that a method and a path ask for, or why there is none. */
export function findOperation(method: string, path: string): Operation | Refusal {
  const ofOneThing = BY_NAME[parentOf(path)];
  const found = ofOneThing ? ofOneThing[method] : EXACT[`${method} ${path}`];
  if (found) return found;
  if (ofOneThing || KNOWN_PATHS.has(path)) {
    return refuse('method-not-allowed', `${method} is not possible here`, path, 'See pkg/control/README.md.');
  }
  return refuse('not-found', 'There is no such resource', path, `Start with ${PATHS.status}.`);
}

/** The page that draws what the other operations tell. Its text is loaded when somebody asks for it. */
function dashboardFiles(...paths: readonly (keyof typeof DASHBOARD)[]): Record<string, Operation> {
  const operations = paths.map((path): [string, Operation] => [
    `GET ${path}`,
    {
      name: 'dashboard',
      access: 'read',
      onMetricsAddress: false,
      run: async () => {
        const { DASHBOARD } = await import('./dashboard.ts');
        return { kind: 'file', ...DASHBOARD[path] };
      },
    },
  ]);
  return Object.fromEntries(operations);
}

type LocalRun = (
  backend: ControlBackend,
  request: IncomingMessage,
  target: Target,
) => Promise<object | Refusal>;

function local(name: string, access: Access, run: LocalRun): Operation {
  return {
    name,
    access,
    onMetricsAddress: false,
    run: async (backend, request, target) => {
      const value = await run(backend, request, target);
      return isRefusal(value) ? value : { kind: 'json', status: 200, value };
    },
  };
}

function list(
  name: string,
  run: (backend: ControlBackend, query: PageQuery) => Promise<object | Refusal>,
): Operation {
  return query(name, pageQuerySchema, run);
}

function query<Query>(
  name: string,
  schema: z.ZodType<Query>,
  run: (backend: ControlBackend, query: Query) => Promise<object | Refusal>,
): Operation {
  return local(name, 'read', async (backend, _request, target) => {
    const checked: Checked<Query> = check(schema, Object.fromEntries(target.query), target.path);
    return isRefusal(checked) ? checked : run(backend, checked.value);
  });
}

/** 200 or 503 with the reasons, as kubelet and Calico's own probes expect. */
function health(name: string, ask: (backend: ControlBackend) => Health): Operation {
  return {
    name,
    access: 'read',
    onMetricsAddress: true,
    run: async (backend) => {
      const value = ask(backend);
      return { kind: 'json', status: value.ok ? 200 : 503, value };
    },
  };
}

/** An operation on one thing: what its path ends with is checked first. */
function named<Name extends string>(
  name: string,
  access: Access,
  schema: z.ZodType<Name>,
  run: (backend: ControlBackend, thing: Name, request: IncomingMessage) => Promise<object | Refusal>,
): Operation {
  return local(name, access, async (backend, request, { path }) => {
    const thing = check(schema, nameIn(path), path);
    return isRefusal(thing) ? thing : run(backend, thing.value, request);
  });
}

/** The path of the collection: `/v1/endpoints` of `/v1/endpoints/x`. No name of a thing has a slash. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** A name that is not valid percent-encoding is checked as it stands, and refused by its schema. */
function nameIn(path: string): string {
  const raw = path.slice(parentOf(path).length + 1);
  try {
    return decodeURIComponent(raw);
  } catch (error) {
    if (error instanceof URIError) return raw;
    throw error;
  }
}
