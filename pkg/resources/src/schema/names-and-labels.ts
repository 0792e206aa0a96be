/**
 * The names and labels Kubernetes and Calico accept.
 */
import type { ValidationIssue } from '../issue.ts';
import { formatPath } from '../issue.ts';

// RFC 1123 subdomain, the form of nearly every object name in Kubernetes.
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const maxNameLength = 253;
const labelName =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

interface Naming {
  readonly kind: string;
  readonly namespaced?: boolean;
  readonly names?: { readonly pattern: RegExp; readonly what: string };
}

/** What is wrong with the name, the namespace and the labels of an object. */
export function nameIssues({ metadata }: Named, naming: Naming): ValidationIssue[] {
  return [
    ...ofName(metadata.name, naming),
    ...ofNamespace(metadata.namespace, naming),
    ...ofLabels(metadata.labels),
  ];
}

function ofName(name: string, { names, kind }: Naming): ValidationIssue[] {
  const path = 'metadata.name';
  if (name.length > maxNameLength)
    return [{ path, reason: `has ${name.length} characters; at most ${maxNameLength} are allowed` }];
  if (!subdomain.test(name)) {
    const hint = 'use lower-case letters, digits, - and ., with a letter or digit at both ends';
    return [{ path, reason: `${JSON.stringify(name)} is not a name`, hint }];
  }
  if (names !== undefined && !names.pattern.test(name))
    return [{ path, reason: `no ${kind} can be called ${JSON.stringify(name)}`, hint: `use ${names.what}` }];
  return [];
}

function ofNamespace(namespace: string | undefined, { kind, namespaced = false }: Naming): ValidationIssue[] {
  const path = 'metadata.namespace';
  if (namespaced && namespace === undefined)
    return [{ path, reason: `is required: ${kind} lives in a namespace`, hint: 'add metadata.namespace' }];
  if (!namespaced && namespace !== undefined)
    return [
      {
        path,
        reason: `${kind} belongs to the cluster, not to a namespace`,
        hint: 'remove metadata.namespace',
      },
    ];
  return [];
}

function ofLabels(labels: Readonly<Record<string, string>> = {}): ValidationIssue[] {
  return Object.entries(labels).flatMap(([name, value]) => {
    const path = formatPath(['metadata', 'labels', name]);
    if (!labelName.test(name)) return [{ path, reason: `${JSON.stringify(name)} is not a label name` }];
    if (!labelValue.test(value)) return [{ path, reason: `${JSON.stringify(value)} is not a label value` }];
    return [];
  });
}
