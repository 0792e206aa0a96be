import type { DesiredNat } from '@weft/calc';
import { prefix } from '@weft/ip';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualScheduler } from '../../test/manual-scheduler.ts';
import { type NatEvent, NatTable } from './nat-table.ts';
import type { Nft, NftFailure, TableListing } from './nft.ts';
import { type NftCommand, removeTable } from './ruleset.ts';

/** A table in memory; `failure` is what every call answers while it is set. */
class FakeNft implements Nft {
  content: string | undefined;
  failure: NftFailure | undefined;
  writes = 0;
  calls = 0;
  /** Runs while a write is under way. */
  meanwhile: (() => void) | undefined;

  async apply(commands: readonly NftCommand[]): Promise<NftFailure | undefined> {
    this.calls += 1;
    this.meanwhile?.();
    this.meanwhile = undefined;
    if (this.failure !== undefined) return this.failure;
    this.writes += 1;
    this.content = commands === removeTable ? undefined : JSON.stringify(commands);
    return undefined;
  }

  async list(): Promise<TableListing> {
    this.calls += 1;
    if (this.failure !== undefined) return this.failure;
    return this.content === undefined ? { kind: 'absent' } : { kind: 'present', content: this.content };
  }
}

const nothing: DesiredNat = { masquerades: [], portForwards: [], tunnels: [], workloadPrefixes: ['cali'] };
function masquerading(source: string): DesiredNat {
  const sources = [prefix(source)];
  return { ...nothing, masquerades: [{ family: 4, sources, exempt: sources, reason: '' }] };
}
const missing: NftFailure = { kind: 'failed', reason: 'there is no program nft', isMissing: true };
const refused: NftFailure = { kind: 'failed', reason: 'nft refused: no', isMissing: false };

let nft: FakeNft;
let scheduler: ManualScheduler;
let events: NatEvent['kind'][];
let table: NatTable;
beforeEach(() => {
  nft = new FakeNft();
  scheduler = new ManualScheduler();
  events = [];
  table = new NatTable({ nft, scheduler, report: ({ kind }) => events.push(kind) });
});

describe('the table', () => {
  it('is written when something is wanted, and not again for the same', async () => {
    table.want(masquerading('10.1.0.0/16'));
    expect(await table.settled()).toBeUndefined();
    table.want(masquerading('10.1.0.0/16'));
    expect(await table.settled()).toBeUndefined();
    expect(nft.writes).toBe(1);
    expect(nft.content).toContain('10.1.0.0');
  });

  it('of an earlier weftd is taken away when nothing is wanted, and then nothing runs any more', async () => {
    nft.content = 'left over';
    table.want(nothing);
    await table.settled();
    expect(nft.content).toBeUndefined();
    const { calls } = nft;
    await scheduler.advance(3_600_000);
    expect(nft.calls).toBe(calls);
  });

  it('is left alone where there is none and none is wanted', async () => {
    table.want(nothing);
    await table.settled();
    expect(nft.writes).toBe(0);
  });

  it('is back after somebody deleted or changed it', async () => {
    table.want(masquerading('10.1.0.0/16'));
    await table.settled();
    const { content } = nft;
    for (const disturbed of [undefined, 'changed']) {
      nft.content = disturbed;
      await scheduler.advance(10_000);
      await table.settled();
      expect(nft.content).toBe(content);
    }
    expect(events).toEqual(['nat-written', 'nat-written', 'nat-repaired', 'nat-written', 'nat-repaired']);
    await scheduler.advance(10_000);
    await table.settled();
    expect(nft.writes).toBe(3);
  });

  it('is written twice, not a hundred times, for a hundred changes at once', async () => {
    for (let third = 0; third < 100; third += 1) table.want(masquerading(`10.${third}.0.0/16`));
    const settled = table.settled();
    await scheduler.settle();
    await scheduler.advance(100);
    await settled;
    expect(nft.content).toContain('10.99.0.0');
    expect(nft.writes).toBeLessThanOrEqual(2);
  });

  it('is what is wanted last, also when that changes while nft runs', async () => {
    nft.meanwhile = () => table.want(masquerading('10.2.0.0/16'));
    table.want(masquerading('10.1.0.0/16'));
    const settled = table.settled();
    for (let turn = 0; turn < 20; turn += 1) await scheduler.advance(100);
    await settled;
    expect(nft.content).toContain('10.2.0.0');
  });
});

describe('when nft fails', () => {
  it('it says why, once, and tries again until it works', async () => {
    nft.failure = refused;
    table.want(masquerading('10.1.0.0/16'));
    expect(await table.settled()).toBe(refused.reason);
    for (const seconds of [1, 2, 4]) {
      const { calls } = nft;
      await scheduler.advance(seconds * 1000);
      await table.settled();
      expect(nft.calls).toBe(calls + 1);
    }
    nft.failure = undefined;
    await scheduler.advance(8_000);
    expect(await table.settled()).toBeUndefined();
    expect(events).toEqual(['nat-failed', 'nat-written']);
  });

  it('what is wanted next is tried at once', async () => {
    nft.failure = missing;
    table.want(masquerading('10.1.0.0/16'));
    expect(await table.settled()).toBe(missing.reason);
    await scheduler.advance(200);
    nft.failure = undefined;
    table.want(masquerading('10.2.0.0/16'));
    expect(await table.settled()).toBeUndefined();
  });

  it('a host without nftables that translates nothing is as it should be', async () => {
    nft.failure = missing;
    table.want(nothing);
    expect(await table.settled()).toBeUndefined();
    expect(events).toEqual([]);
  });

  it('a table that may be there is not taken for gone', async () => {
    nft.failure = refused;
    table.want(nothing);
    expect(await table.settled()).toBe(refused.reason);
  });
});

it('a closed table writes nothing more', async () => {
  table.want(masquerading('10.1.0.0/16'));
  await table.settled();
  table.close();
  nft.content = undefined;
  table.want(masquerading('10.2.0.0/16'));
  await scheduler.advance(60_000);
  expect(nft.writes).toBe(1);
});
