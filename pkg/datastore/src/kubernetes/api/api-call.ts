/**
 * One request to the API server, with what an error message needs to say about it.
 */

/** A request, before it has an address and credentials. */
export interface ApiCall {
  /** RBAC's word for it. */
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'discover';
  /** RBAC's name of what is asked for, `ippools.crd.projectcalico.org`. */
  readonly resource: string;
  /** What is asked for, in words: `IPPool "a"`. */
  readonly object: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Printed as JSON. */
  readonly body?: unknown;
}

/** The HTTP method of a call. */
export function methodOf({ verb }: ApiCall): string {
  const methods = { create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;
  return verb in methods ? methods[verb as keyof typeof methods] : 'GET';
}

/** True for a call that changes nothing, so that it may be sent twice. */
export function isRead(call: ApiCall): boolean {
  return methodOf(call) === 'GET';
}

/** The path of a call with its query. */
export function pathOf({ path, query = {} }: ApiCall): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}?${text}`;
}
