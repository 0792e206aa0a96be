/**
 * What the annotations of a Pod and of its Namespace ask for. Source: Calico, cni.projectcalico.org/… of its CNI plugin.
 */
import { type CniError, cniError, ERROR_CODE, isCniError } from './error.ts';

/** Annotations of a Kubernetes object. */
export type Annotations = Readonly<Record<string, string>>;

/** What was asked for; absent fields were not. */
export interface AnnotatedWishes {
  readonly pools4?: readonly string[];
  readonly pools6?: readonly string[];
  readonly families?: readonly ('ipv4' | 'ipv6')[];
  /** Exactly these addresses, held by weft's IPAM. */
  readonly ips?: readonly string[];
  /** Exactly these addresses, which IPAM does not know of. */
  readonly ipsWithoutIpam?: readonly string[];
  readonly mac?: string;
  readonly floatingIps?: readonly string[];
}

const PREFIX = 'cni.projectcalico.org/';

type ListWish = 'pools4' | 'pools6' | 'families' | 'ips' | 'ipsWithoutIpam' | 'floatingIps';

/** Where an annotation may be: some in the Namespace too, the Pod's then counts. */
const NAMES: Readonly<Record<ListWish, { readonly name: string; readonly inNamespace: boolean }>> = {
  pools4: { name: `${PREFIX}ipv4pools`, inNamespace: true },
  pools6: { name: `${PREFIX}ipv6pools`, inNamespace: true },
  families: { name: `${PREFIX}ipFamilies`, inNamespace: true },
  ips: { name: `${PREFIX}ipAddrs`, inNamespace: false },
  ipsWithoutIpam: { name: `${PREFIX}ipAddrsNoIpam`, inNamespace: false },
  floatingIps: { name: `${PREFIX}floatingIPs`, inNamespace: false },
};

/** The annotation that names a MAC. */
const MAC_NAME = `${PREFIX}hwAddr`;

const FAMILIES = { IPv4: 'ipv4', IPv6: 'ipv6' } as const;

/** Reads them; an error names the annotation that cannot be read. */
export function readAnnotations(pod: Annotations, namespace: Annotations): AnnotatedWishes | CniError {
  const lists: Partial<Record<ListWish, readonly string[]>> = {};
  for (const [wish, { name, inNamespace }] of Object.entries(NAMES)) {
    const text = pod[name] ?? (inNamespace ? namespace[name] : undefined);
    const list = text === undefined ? undefined : readList(name, text);
    if (isCniError(list)) return list;
    if (list !== undefined) lists[wish as ListWish] = list;
  }
  const { families: familyNames, ...others } = lists;
  const families = familyNames && readFamilies(familyNames);
  if (isCniError(families)) return families;
  const mac = pod[MAC_NAME];
  return { ...others, ...(families && { families }), ...(mac && { mac }) };
}

/** The annotation that a wish comes from, for messages. */
export function annotationOf(wish: ListWish): string {
  return NAMES[wish].name;
}

/** A JSON list of texts. An empty one, or none, asks for nothing. */
function readList(name: string, text: string): readonly string[] | CniError | undefined {
  if (text === '') return undefined;
  const value = parse(text);
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
    return wrong(name, text, 'a JSON list of texts such as ["a", "b"]');
  return value.length === 0 ? undefined : value;
}

function readFamilies(names: readonly string[]): readonly ('ipv4' | 'ipv6')[] | CniError {
  const families = names.map((name) =>
    name in FAMILIES ? FAMILIES[name as keyof typeof FAMILIES] : undefined,
  );
  const known = families.filter((family) => family !== undefined);
  if (known.length !== families.length)
    return wrong(annotationOf('families'), JSON.stringify(names), 'a list of "IPv4" and "IPv6"');
  return [...new Set(known)];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function wrong(name: string, text: string, wanted: string): CniError {
  return cniError(
    ERROR_CODE.invalidConfiguration,
    `the annotation ${name} is ${JSON.stringify(text)}`,
    `It must be ${wanted}: correct it on the Pod or its Namespace.`,
  );
}
