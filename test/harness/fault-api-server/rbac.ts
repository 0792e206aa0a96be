/**
 * RBAC as a real API server evaluates it, as far as service accounts with Roles and ClusterRoles go: no aggregation, no groups,
 * no wildcards, which weft's own roles have no need of.
 *
 * Source: Kubernetes' "Using RBAC Authorization".
 */
import { type Address, addressOf } from './address.ts';
import { failed, type Reply } from './writes.ts';

/** What a request asks for, in RBAC's words. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `nodes/status`. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** One verb on one resource, granted to one account. */
export interface Right {
  readonly account: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Only in this namespace; absent: in all, and for what has none. */
  readonly namespace?: string;
  /** Only on the object of this name. */
  readonly name?: string;
}

/** An object of rbac.authorization.k8s.io. */
interface RbacObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: of several kinds, each with fields of its own
  readonly [field: string]: any;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Subject {
  readonly name: string;
  readonly namespace: string;
}

/** Every right that the bindings among some objects give, by `namespace/name` of the service account. */
export function rightsOf(objects: readonly RbacObject[]): Right[] {
  return objects
    .filter(({ kind }) => kind === 'ClusterRoleBinding' || kind === 'RoleBinding')
    .flatMap(({ metadata: { namespace }, roleRef, subjects }) => {
      const role = objects.find(
        ({ kind, metadata: { name } }) => kind === roleRef.kind && name === roleRef.name,
      );
      const rules = (role?.rules ?? []) as readonly Rule[];
      return (subjects as readonly Subject[]).flatMap((subject) =>
        rules.flatMap((rule) => rightsOfRule(`${subject.namespace}/${subject.name}`, rule, namespace)),
      );
    });
}

function rightsOfRule(account: string, rule: Rule, namespace: string | undefined): Right[] {
  const { apiGroups, resources, verbs, resourceNames = [undefined] } = rule;
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        resourceNames.map((name) => ({
          account,
          verb,
          group,
          resource,
          ...(namespace !== undefined && { namespace }),
          ...(name !== undefined && { name }),
        })),
      ),
    ),
  );
}

/** As RBAC's tools write it: `patch nodes/status`, `list ippools.crd.projectcalico.org`. */
export function titleOf({ verb, group, resource, name }: Attributes | Right): string {
  const title = `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
  return name === undefined ? title : `${title} ${name}`;
}

/** The token of whoever may do everything. */
export const ADMINISTRATOR = 'administrator';

/** Decides requests, and remembers what was asked for. */
export class Rbac {
  readonly #rights: Set<Right>;
  /** Token → account. */
  readonly #accounts: ReadonlyMap<string, string>;
  /** The rights that let a request through. */
  readonly used: Set<Right> = new Set();
  /** What was refused. */
  readonly refused: string[] = [];

  constructor(rights: Iterable<Right>, accounts: ReadonlyMap<string, string>) {
    this.#rights = new Set(rights);
    this.#accounts = accounts;
  }

  /** Gives a right from now on. */
  grant(right: Right): void {
    this.#rights.add(right);
  }

  /** The refusal of a request; undefined when it may go on. What names no resource (discovery) is for all. */
  refuse(method: string, url: URL, token: string | undefined): Reply | undefined {
    if (token === ADMINISTRATOR) return undefined;
    const account = this.#accounts.get(token ?? '');
    if (account === undefined) return failed(401, 'Unauthorized', 'Unauthorized');
    const attributes = attributesOf(method, url);
    if (attributes === undefined) return undefined;
    const right = [...this.#rights].find(
      (candidate) => candidate.account === account && allows(candidate, attributes),
    );
    if (right !== undefined) {
      this.used.add(right);
      return undefined;
    }
    this.refused.push(titleOf(attributes));
    return forbidden(account, attributes);
  }
}

/** What a request asks for; undefined when its path names no resource. */
export function attributesOf(method: string, url: URL): Attributes | undefined {
  const address = addressOf(url.pathname);
  if (address === undefined) return undefined;
  const [plural = '', , group = ''] = address.collection.split('/').toReversed();
  const name = address.name ?? nameInSelector(url);
  return {
    verb: verbOf(method, address, url),
    group,
    resource: address.isStatus ? `${plural}/status` : plural,
    ...(address.namespace !== undefined && { namespace: address.namespace }),
    ...(name !== undefined && { name }),
  };
}

/** A list of one object by its name is authorised as if it named the object. */
function nameInSelector({ searchParams }: URL): string | undefined {
  return /^metadata\.name=(.+)$/.exec(searchParams.get('fieldSelector') ?? '')?.[1];
}

function verbOf(method: string, { name }: Address, { searchParams }: URL): string {
  if (method === 'GET') {
    if (searchParams.get('watch') === 'true') return 'watch';
    return name === undefined ? 'list' : 'get';
  }
  const verbs = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;
  const verb = verbs[method as keyof typeof verbs];
  return verb === 'delete' && name === undefined ? 'deletecollection' : verb;
}

/** True where a right is enough for a request of its account. */
export function allows(right: Right, wanted: Attributes): boolean {
  return (
    right.verb === wanted.verb &&
    right.group === wanted.group &&
    right.resource === wanted.resource &&
    (right.namespace ?? wanted.namespace) === wanted.namespace &&
    (right.name ?? wanted.name) === wanted.name
  );
}

/** In the words of a real API server. */
function forbidden(account: string, { group, name, namespace, resource, verb }: Attributes): Reply {
  const kind = resource.split('/')[0] ?? '';
  const object = [group === '' ? kind : `${kind}.${group}`, name && `"${name}"`].filter(Boolean).join(' ');
  const user = `system:serviceaccount:${account.replace('/', ':')}`;
  const place = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message = `${object} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${place}`;
  return failed(403, 'Forbidden', message, { ...(name && { name }), group, kind });
}
