/**
 * Which collection or object the path of a request names.
 */

/** Where a request goes. */
export interface Address {
  /** `v1/nodes`, `crd.projectcalico.org/v1/ippools`. */
  readonly collection: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly isStatus: boolean;
}

const PATH =
  /^\/(?:api|apis\/(?<group>[^/]+))\/(?<version>[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?<status>\/status)?$/;

/** The address of a path; undefined for one that names no collection. */
export function addressOf(path: string): Address | undefined {
  const { group, version, namespace, plural, name, status } = PATH.exec(path)?.groups ?? {};
  if (plural === undefined) return undefined;
  return {
    collection: [group, version, plural].filter(Boolean).join('/'),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name: decodeURIComponent(name) }),
    isStatus: status !== undefined,
  };
}
