/** `weftctl ipam split`: a pool into equal parts. */
import type { Datastore, OfKind } from '@weft/datastore';
import { type Prefix, parsePrefix } from '@weft/ip';
import { requireLock } from '../datastore/cluster-information.ts';
import { CliError, type Report, usageError } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { withStore } from '../where.ts';
import { planSplit, type SplitPlan, type SplitRequest } from './split-plan.ts';

/** Options of the command; exactly one of the two. */
export interface SplitOptions extends WhereOptions {
  readonly name?: string;
  readonly cidr?: string;
}

/** More parts than this are a typing mistake. */
const MOST_PARTS = 1024;

/** Splits the pool, or finishes a split that was cut off. */
export async function split(parts: string, options: SplitOptions): Promise<Report> {
  const request = { pool: readPool(options), parts: readParts(parts) };
  const text = await withStore(options, false, (store) => splitPool(store, request));
  return { text, failures: [] };
}

/** Makes the parts that are missing, then removes the pool. */
export async function splitPool(store: Datastore, request: SplitRequest): Promise<string> {
  await requireLock(store, 'split a pool');
  const plan = planSplit((await store.list('IPPool')).items, request);
  if (plan.kind === 'refused') throw new CliError([plan]);
  if (plan.kind === 'done') return describe(plan, 'was split earlier', request);
  for (const part of plan.missing) {
    const { kind } = await store.create(part as OfKind<'IPPool'>);
    if (kind !== 'written') throw changedMeanwhile(part.metadata.name);
  }
  const { name, resourceVersion } = plan.pool.metadata;
  const { kind } = await store.delete({ kind: 'IPPool', name }, resourceVersion);
  if (kind !== 'written') throw changedMeanwhile(name);
  return describe(plan, 'was successfully split', request);
}

function describe(
  plan: Exclude<SplitPlan, { kind: 'refused' }>,
  what: string,
  { pool, parts }: SplitRequest,
): string {
  const name = plan.kind === 'split' ? plan.pool.metadata.name : 'name' in pool ? pool.name : pool.cidr;
  return [
    `IP Pool ${name} ${what} into ${parts} smaller pools.`,
    ...plan.parts.map(({ metadata, spec }) => `${metadata.name} has CIDR ${spec.cidr}.`),
    `Where the old pool is named (annotations, CNI configuration), name the new ones. Then unlock the datastore: weftctl datastore migrate unlock.`,
  ].join('\n');
}

function changedMeanwhile(name: string): CliError {
  return new CliError([
    {
      what: 'Somebody else changed the pools meanwhile',
      object: `IPPool "${name}"`,
      hint: 'Nothing is lost. Run the same command again: it continues where this one stopped.',
    },
  ]);
}

function readPool({ name, cidr }: SplitOptions): SplitRequest['pool'] {
  if (name !== undefined) return { name };
  if (cidr === undefined)
    throw usageError('No pool is named', '', 'Say which one: --name NAME or --cidr CIDR.');
  const parsed = parsePrefix(cidr);
  if (parsed.ok) return { cidr: parsed.value satisfies Prefix };
  throw usageError('This is no CIDR', cidr, 'Write it as weftctl get ippools shows it.');
}

function readParts(text: string): number {
  const parts = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (parts >= 2 && parts <= MOST_PARTS && Number.isInteger(Math.log2(parts))) return parts;
  throw usageError(
    'A pool is split into a power of two',
    text,
    `Give a number of parts like 2, 4 or 8, at most ${MOST_PARTS}.`,
  );
}
