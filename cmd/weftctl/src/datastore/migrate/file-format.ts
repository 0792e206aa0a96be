/**
 * The migration file of calicoctl, written and read. Pure.
 *
 *     lists of resources in YAML, each followed by a line of three dashes
 *     ===
 *     ClusterInformation in JSON
 *     ===
 *     { block_affinities, blocks, handles, config } in JSON, each with its key in etcd and its value there
 *
 * Source: calicoctl, datastore/migrate.
 */
import { portable } from '@weft/datastore';
import { mappingOf } from '@weft/datastore/etcd';
import {
  apiVersion,
  type ClusterInformation,
  handleName,
  isKind,
  type Kind,
  kindByAlias,
  parseJson,
  type Resource,
  readResource,
  stringifyJson,
} from '@weft/resources';
import { parseAllDocuments } from 'yaml';
import { printStructured } from '../../print/structured.ts';
import { IPAM_MEMBERS, LISTED_KINDS } from './kind-order.ts';

/** What a migration carries. */
export interface Migration {
  readonly information: ClusterInformation | undefined;
  readonly resources: readonly Resource[];
}

/** What was read: the migration, and what weft has no kind for; or everything that is wrong. */
export type ReadMigration =
  | { readonly ok: true; readonly migration: Migration; readonly unsupported: readonly string[] }
  | {
      readonly ok: false;
      readonly problems: readonly { readonly object: string; readonly reason: string }[];
    };

const SEPARATOR = '===';

/** The file. Equal contents make equal files, whatever store they come from. */
export async function writeMigration({ information, resources }: Migration): Promise<string> {
  const lists = await Promise.all(
    LISTED_KINDS.map(async (kind) => {
      const items = sorted(resources, kind).map(portable);
      return `${await printStructured({ apiVersion, kind: `${kind}List`, items }, 'yaml')}\n---\n`;
    }),
  );
  const cluster = information ? portable(information) : null;
  const parts = [
    lists.join(''),
    `${stringifyJson(cluster, 2)}\n`,
    `${stringifyJson(ipamOf(resources), 2)}\n`,
  ];
  return parts.join(`${SEPARATOR}\n`);
}

function sorted(resources: readonly Resource[], kind: Kind): Resource[] {
  return resources
    .filter((resource) => resource.kind === kind)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Members without entries are left out, as calicoctl does. */
function ipamOf(resources: readonly Resource[]): object {
  const lists = Object.entries(IPAM_MEMBERS).map(([kind, member]) => [
    member,
    sorted(resources, kind as Kind).map(pairOf),
  ]);
  const [config] = sorted(resources, 'IPAMConfiguration');
  const filled = lists.filter(([, pairs]) => (pairs as object[]).length > 0);
  return { ...Object.fromEntries(filled), ...(config && { config: pairOf(config) }) };
}

function pairOf(resource: Resource): object {
  const { keyOf, encode } = mappingOf(resource.kind);
  const raw = portable(resource) as unknown as Parameters<typeof encode>[0];
  const key = keyOf(raw);
  if (key === undefined)
    throw new RangeError(
      `${resource.kind} "${resource.metadata.name}": its name and its content do not belong together`,
    );
  return { Key: key, Value: encode(raw), TTL: 0 };
}

/** Reads a whole file; anything that is missing or cannot be read makes all of it unusable. */
export function readMigration(text: string): ReadMigration {
  const parts = text.split(new RegExp(`^${SEPARATOR}\\r?\\n`, 'm'));
  if (parts.length !== 3)
    return wrong('the file', `has ${parts.length} of the 3 parts that ${SEPARATOR} separates; is it whole?`);
  const [lists = '', cluster = '', ipam = ''] = parts;
  const listed = readLists(lists);
  const information = readInformation(cluster);
  const pairs = readIpam(ipam);
  const problems = [...listed.problems, ...information.problems, ...pairs.problems];
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    migration: {
      information: information.resources[0] as ClusterInformation | undefined,
      resources: [...listed.resources, ...pairs.resources],
    },
    unsupported: listed.unsupported,
  };
}

interface Part {
  readonly resources: Resource[];
  readonly problems: { object: string; reason: string }[];
}

function readLists(text: string): Part & { unsupported: string[] } {
  const part = { resources: [] as Resource[], problems: [] as Part['problems'], unsupported: [] as string[] };
  const documents = parseAllDocuments(text);
  for (const [index, document] of (Array.isArray(documents) ? documents : []).entries()) {
    const [error] = document.errors;
    if (error)
      part.problems.push({ object: `list ${index + 1}`, reason: error.message.split('\n')[0] ?? '' });
    else for (const value of itemsOf(document.toJS())) readItem(value, part);
  }
  return part;
}

function itemsOf(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  const { items } = value as { items?: unknown };
  return Array.isArray(items) ? items : [value];
}

function readItem(value: unknown, part: Part & { unsupported: string[] }): void {
  const { kind, metadata } = (value ?? {}) as { kind?: unknown; metadata?: { name?: unknown } };
  const object = `${kind ?? 'resource'} "${metadata?.name ?? ''}"`;
  if (typeof kind === 'string' && !isKind(kind) && kindByAlias(kind) === undefined)
    part.unsupported.push(object);
  else addRead(value, object, part);
}

function addRead(value: unknown, object: string, part: Part): void {
  const parsed = readResource(value);
  if (parsed.ok) part.resources.push(portable(parsed.resource));
  else
    part.problems.push(
      ...parsed.issues.map(({ path, reason }) => ({ object, reason: `${path}: ${reason}` })),
    );
}

function readInformation(text: string): Part {
  const part: Part = { resources: [], problems: [] };
  const value = readJson(text, 'ClusterInformation', part);
  if (value !== undefined && value !== null)
    addRead({ kind: 'ClusterInformation', apiVersion, ...(value as object) }, 'ClusterInformation', part);
  return part;
}

function readIpam(text: string): Part {
  const part: Part = { resources: [], problems: [] };
  const value = (readJson(text, 'the part of IPAM', part) ?? {}) as Record<string, unknown>;
  for (const [kind, member] of Object.entries(IPAM_MEMBERS))
    for (const pair of listIn(value[member], member, part)) readPair(kind as Kind, pair, member, part);
  if (value.config) readPair('IPAMConfiguration', value.config, 'config', part);
  return part;
}

function listIn(value: unknown, member: string, part: Part): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  part.problems.push({ object: member, reason: 'is no list' });
  return [];
}

function readPair(kind: Kind, pair: unknown, member: string, part: Part): void {
  const { Key: key, Value: value } = (pair ?? {}) as { Key?: unknown; Value?: unknown };
  const { nameIn, decode } = mappingOf(kind);
  if (typeof key !== 'string' || nameIn(key) === undefined)
    part.problems.push({
      object: member,
      reason: `has an entry whose Key is none of a ${kind}: ${JSON.stringify(key)}`,
    });
  else if (typeof value !== 'object' || value === null)
    part.problems.push({ object: key, reason: 'has no Value' });
  else addRead(inStore(kind, decode(key, value as Record<string, unknown>)), key, part);
}

/** etcd names a handle by its ID; everywhere else names are in lower case. */
function inStore(kind: Kind, raw: ReturnType<ReturnType<typeof mappingOf>['decode']>): object {
  if (kind !== 'IPAMHandle') return raw;
  return { ...raw, metadata: { ...raw.metadata, name: handleName(String(raw.spec.handleID)) } };
}

function readJson(text: string, object: string, part: Part): unknown {
  try {
    return parseJson(text);
  } catch {
    part.problems.push({ object, reason: 'is not JSON; is the file whole?' });
    return undefined;
  }
}

function wrong(object: string, reason: string): ReadMigration {
  return { ok: false, problems: [{ object, reason }] };
}
