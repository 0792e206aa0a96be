/**
 * Rules between a document and what is stored or written with it: checked for all documents before the first write,
 * so that a bad file leaves nothing half-made.
 */
import type { Datastore } from '@weft/datastore';
import { type Prefix, PrefixTrie } from '@weft/ip';
import {
  checkPoolAgainst,
  definitionOf,
  type IPPool,
  type Resource,
  type ValidationIssue,
} from '@weft/resources';
import type { Failure } from '../../failure.ts';
import { type Document, Mistakes, sentence } from '../input/documents.ts';
import { objectName } from '../kind-argument.ts';

/** Objects that are read at once: enough to hide the way to a server, and few enough for any number of documents. */
const BATCH = 64;

/** Throws CliError with every rule that the documents would break; without a store, with those among themselves. */
export async function crossCheck(
  store: Datastore | undefined,
  documents: readonly Document[],
): Promise<void> {
  const mistakes = new Mistakes();
  for (let start = 0; store !== undefined && start < documents.length; start += BATCH) {
    const checks = documents.slice(start, start + BATCH).map(async (document) => {
      const stored = await store.get(document.key);
      return stored === undefined ? [] : changeFailures(document, stored);
    });
    mistakes.add((await Promise.all(checks)).flat());
  }
  mistakes.add(await poolFailures(store, documents));
  mistakes.throwIfAny();
}

/** Fields that cannot change. */
function changeFailures(document: Document, stored: Resource): Failure[] {
  const { validateUpdate } = definitionOf(stored.kind);
  return validateUpdate(document.resource as never, stored as never).map((issue) => failure(document, issue));
}

/** Pools must not overlap each other, stored or listed, nor contradict the blocks there are. */
async function poolFailures(
  store: Datastore | undefined,
  documents: readonly Document[],
): Promise<Failure[]> {
  const listed = documents.filter(({ resource }) => resource.kind === 'IPPool');
  if (listed.length === 0) return [];
  const [stored = none, blocks = none] = await Promise.all([store?.list('IPPool'), store?.list('IPAMBlock')]);
  const replaced = new Set(listed.map(({ key }) => key.name));
  const pools = new PrefixTrie<IPPool[]>();
  for (const pool of stored.items) if (!replaced.has(pool.metadata.name)) addPool(pools, pool);
  const blockCidrs = new PrefixTrie<true>();
  for (const { spec } of blocks.items) blockCidrs.set(spec.cidr, true);
  return listed.flatMap((document) => {
    const pool = document.resource as IPPool;
    const { cidr } = pool.spec;
    const blocksInside = [...blockCidrs.within(cidr)].map(({ prefix }) => prefix);
    const issues = checkPoolAgainst(pool, poolsNear(pools, cidr), blocksInside);
    // Of two listed pools that overlap, the later one is to blame: one message for each pair.
    addPool(pools, pool);
    return issues.map((issue) => failure(document, issue));
  });
}

function addPool(pools: PrefixTrie<IPPool[]>, pool: IPPool): void {
  pools.set(pool.spec.cidr, [...(pools.get(pool.spec.cidr) ?? []), pool]);
}

/** Those around a range and those inside it: no others can overlap it, however many there are. */
function poolsNear(pools: PrefixTrie<IPPool[]>, cidr: Prefix): IPPool[] {
  const entries = [...pools.covering(cidr), ...pools.within(cidr)];
  return [...new Set(entries.flatMap(({ value }) => value))];
}

const none = { items: [] };

function failure({ key, place }: Document, { path, reason, hint }: ValidationIssue): Failure {
  return {
    what: `${place}: ${path}: ${reason}`,
    object: objectName(key),
    hint: hint === undefined ? '' : sentence(hint),
  };
}
