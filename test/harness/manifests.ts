/**
 * The objects of manifests/ as kubectl would install them, put together without kubectl.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** The folder of the manifests. */
export const MANIFESTS: string = join(import.meta.dirname, '../../manifests');

/** An object of Kubernetes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // The shape differs from kind to kind, and a test looks at what it asked for.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly [field: string]: any;
}

/** Kinds without a namespace, of those that are there. */
const CLUSTER_SCOPED = /^(Cluster|CustomResourceDefinition|BGP|IPPool|PriorityClass)/;

/** The objects of a kustomization and of those it refers to, with the namespace it gives them. */
export function manifestsOf(folder: string): Manifest[] {
  const { resources, namespace } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as {
    readonly resources: readonly string[];
    readonly namespace?: string;
  };
  const objects = resources.flatMap((entry) => objectsAt(join(folder, entry)));
  return namespace === undefined ? objects : objects.map((object) => placed(object, namespace));
}

function objectsAt(path: string): Manifest[] {
  if (statSync(path).isDirectory()) return manifestsOf(path);
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
    const [mistake] = document.errors;
    if (mistake) throw new Error(`${path}: ${mistake.message}`);
    return document.toJS() as Manifest;
  });
}

function placed(object: Manifest, namespace: string): Manifest {
  if (CLUSTER_SCOPED.test(object.kind)) return object;
  return { ...object, metadata: { namespace, ...object.metadata } };
}

/** The path of the collection of an object. */
export function collectionPath({ apiVersion, kind, metadata: { namespace } }: Manifest): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${root}${place}/${kind.toLowerCase()}s`;
}
