/**
 * The names and labels Kubernetes and Calico accept.
 */
import type { ValidationIssue } from '../issue.ts';
import { formatPath, showValue } from '../issue.ts';

// RFC 1123 subdomain, the form of nearly every object name in Kubernetes.
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const maxNameLength = 253;
const labelName =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

const maxPrefixLength = 253;
const maxAnnotationBytes = 256 * 1024;

const nameHint = 'use lower-case letters, digits, - and ., with a letter or digit at both ends';

/** What is wrong with a field that names an object: it must be an RFC 1123 subdomain. Absent is fine. */
export function objectNameIssues(path: string, text: string | undefined): ValidationIssue[] {
  if (text === undefined || (text.length <= maxNameLength && subdomain.test(text))) return [];
  return [{ path, reason: `${showValue(text)} is not a name`, hint: nameHint }];
}

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

interface Naming {
  readonly kind: string;
  readonly namespaced?: boolean;
  readonly names?: { readonly pattern: RegExp; readonly what: string };
}

/** What is wrong with the name, the namespace, the labels and the annotations of an object. */
export function nameIssues({ metadata }: Named, naming: Naming): ValidationIssue[] {
  return [
    ...ofName(metadata.name, naming),
    ...ofNamespace(metadata.namespace, naming),
    ...ofLabels(metadata.labels),
    ...ofAnnotations(metadata.annotations),
  ];
}

function ofName(name: string, { names, kind }: Naming): ValidationIssue[] {
  const path = 'metadata.name';
  if (name.length > maxNameLength)
    return [{ path, reason: `has ${name.length} characters; at most ${maxNameLength} are allowed` }];
  if (!subdomain.test(name))
    return [{ path, reason: `${JSON.stringify(name)} is not a name`, hint: nameHint }];
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
    if (!isQualifiedName(name))
      return [{ path, reason: `${JSON.stringify(name)} is not a label name`, hint: qualifiedNameHint }];
    if (!labelValue.test(value)) {
      const hint = 'use at most 63 letters, digits, -, _ and ., with a letter or digit at both ends';
      return [{ path, reason: `${JSON.stringify(value)} is not a label value`, hint }];
    }
    return [];
  });
}

function ofAnnotations(annotations: Readonly<Record<string, string>> = {}): ValidationIssue[] {
  const names = Object.keys(annotations).filter((name) => !isQualifiedName(name.toLowerCase()));
  const wrong = names.map((name) => ({
    path: formatPath(['metadata', 'annotations', name]),
    reason: `${JSON.stringify(name)} is not the name of an annotation`,
    hint: qualifiedNameHint,
  }));
  const bytes = Object.entries(annotations).reduce(
    (sum, [name, value]) => sum + byteLength(name) + byteLength(value),
    0,
  );
  if (bytes <= maxAnnotationBytes) return wrong;
  const reason = `hold ${bytes} bytes; at most ${maxAnnotationBytes} are allowed`;
  return [...wrong, { path: 'metadata.annotations', reason, hint: 'remove or shorten some' }];
}

const qualifiedNameHint =
  'use name or domain/name: letters, digits, -, _ and . in the name, lower case in the domain';

/** A name with or without a domain in front. Source: Kubernetes, qualified names. */
function isQualifiedName(name: string): boolean {
  return labelName.test(name) && name.lastIndexOf('/') <= maxPrefixLength;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
