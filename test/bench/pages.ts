/**
 * What it costs weftd to tell long lists: processor time of all pages of one reading, as a dashboard has it every two seconds. A
 * block has 64 addresses, half of them in use; routes are as the dataplane lists them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cutPage, Listing, type Page, type PageQuery } from '@weft/control';
import { type Datastore, openDatastore } from '@weft/datastore';
import { prefix } from '@weft/ip';
import { apiVersion } from '@weft/resources';
import { BlockList } from '../../cmd/weftd/src/blocks.ts';
import type { Figure } from './run.ts';
import { round } from './statistics.ts';

const ROUNDS = 3;
const BLOCKS = 1000;
const LIMIT = 1000;

/** Blocks from an embedded datastore, first and again, and a sorted list of two lengths. */
export async function* pagesBench(): AsyncGenerator<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const path = join(directory, 'weft.db');
  const store = await openDatastore({ type: 'embedded', path }, { create: true });
  try {
    for (let number = 0; number < BLOCKS; number++) await createBlock(store, number);
    const list = new BlockList(store);
    const blocks = async (query: PageQuery) => cutPage(await list.sorted([]), ({ cidr }) => cidr, query);
    for (let count = 0; count < ROUNDS; count++)
      yield await measure(`${BLOCKS} blocks, reading ${count + 1}`, blocks);
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
  for (const length of [1000, 100_000]) {
    const routes = Array.from({ length }, (_, number) => ({ prefix: `route ${(number * 7919) % length}` }));
    const listing = new Listing(
      () => routes,
      (route) => route.prefix,
    );
    for (let count = 0; count < ROUNDS; count++)
      yield await measure(`${length} routes, reading ${count + 1}`, async (query) => listing.page(query));
  }
}

async function measure(what: string, read: (query: PageQuery) => Promise<Page<unknown>>): Promise<Figure> {
  const started = process.cpuUsage();
  let bytes = 0;
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page: Page<unknown> = await read({ limit: LIMIT, after });
    bytes += JSON.stringify(page).length;
    after = page.next;
  }
  const { system, user } = process.cpuUsage(started);
  return { benchmark: 'pages', what, processorMilliseconds: round((user + system) / 1000), bytes };
}

async function createBlock(store: Datastore, number: number): Promise<void> {
  const cidr = prefix(`10.244.${number >> 2}.${(number & 3) * 64}/26`);
  const node = `node${number}`;
  const used = Array.from({ length: 32 }, (_, ordinal) => ordinal);
  await store.create({
    apiVersion,
    kind: 'IPAMBlock',
    metadata: { name: cidr.replaceAll(/[./]/g, '-') },
    spec: {
      cidr,
      affinity: `host:${node}`,
      allocations: [...used, ...used.map(() => null)],
      unallocated: used.map((ordinal) => 32 + ordinal),
      attributes: used.map((ordinal) => ({
        handle_id: `weft.${node}.c${ordinal}`,
        secondary: { namespace: 'shop', pod: `web-${ordinal}`, node },
      })),
      strictAffinity: false,
      deleted: false,
      sequenceNumber: 1n,
      sequenceNumberForAllocation: {},
    },
  });
}
