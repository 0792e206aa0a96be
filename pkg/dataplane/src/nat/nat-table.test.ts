import type { DesiredNat } from '@weft/calc';
import { prefix } from '@weft/ip';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualScheduler } from '../../test/manual-scheduler.ts';
import { type NatEvent, NatTable } from './nat-table.ts';
import type { DroppedPackets, Nft, NftFailure, TableListing } from './nft.ts';
import type { NftCommand } from './ruleset.ts';

const none: DroppedPackets = {
  'spoofed-sources-dropped': 0,
  'workload-tunnels-dropped': 0,
  'foreign-vxlan-dropped': 0,
};

/** A table in memory; `failure` is what every call answers while it is set. */
class FakeNft implements Nft {
  content: string | undefined;
  dropped = none;
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
    this.content = JSON.stringify(commands);
    this.dropped = none;
    return undefined;
  }

  async list(): Promise<TableListing> {
    this.calls += 1;
    if (this.failure !== undefined) return this.failure;
    const { content, dropped } = this;
    return content === undefined ? { kind: 'absent' } : { kind: 'present', content, dropped };
  }
}

const nothing: DesiredNat = {
  masquerades: [],
  portForwards: [],
  tunnels: [],
  workloadInterfaces: ['cali*'],
  allowedSources: [],
  refusedTunnels: [],
  tunnelSenders: [],
};
function masquerading(source: string): DesiredNat {
  const sources = [prefix(source)];
  return { ...nothing, masquerades: [{ family: 4, sources, exempt: sources, reason: '' }] };
}
const refused: NftFailure = { kind: 'failed', reason: 'nft refused: no' };

let nft: FakeNft;
let scheduler: ManualScheduler;
let events: NatEvent['kind'][];
let table: NatTable;
let report: (event: NatEvent) => void;
beforeEach(() => {
  nft = new FakeNft();
  scheduler = new ManualScheduler();
  events = [];
  report = ({ kind }) => events.push(kind);
  table = new NatTable({ nft, scheduler, report: (event) => report(event) });
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

  it('is not computed again from lists that are the same objects', async () => {
    let reads = 0;
    const prefixes = new Proxy([prefix('10.0.0.1/32')], {
      get: (list, key) => {
        reads += 1;
        return Reflect.get(list, key);
      },
    });
    const tunnelSenders = [{ family: 4, vni: 4096, port: 4789, prefixes }] as const;
    table.want({ ...nothing, tunnelSenders });
    await table.settled();
    expect(reads).toBeGreaterThan(0);
    reads = 0;
    table.want({ ...nothing, tunnelSenders });
    expect(reads).toBe(0);
  });

  it('is there although nothing is translated: what containers send from is checked', async () => {
    nft.content = 'left over';
    table.want(nothing);
    expect(await table.settled()).toBeUndefined();
    expect(nft.content).toContain('workload-source');
  });

  describe('tells what it has dropped', () => {
    const kinds = Object.keys(none) as (keyof DroppedPackets)[];
    const told: unknown[] = [];
    beforeEach(async () => {
      table.want(nothing);
      await table.settled();
      told.length = 0;
      report = (event) => {
        if ('packets' in event) told.push([event.kind, event.packets]);
      };
    });

    it.each(kinds)('when it is looked at, each packet once: %s', async (kind) => {
      for (const packets of [0, 3, 3, 10]) {
        nft.dropped = { ...none, [kind]: packets };
        await scheduler.advance(10_000);
        await table.settled();
      }
      expect(told).toEqual([
        [kind, 3],
        [kind, 7],
      ]);
    });

    it('also before it is replaced, after which the counts begin anew', async () => {
      nft.dropped = { ...none, 'foreign-vxlan-dropped': 5 };
      table.want(masquerading('10.1.0.0/16'));
      const settled = table.settled();
      await scheduler.advance(100);
      await settled;
      nft.dropped = { ...none, 'foreign-vxlan-dropped': 2 };
      await scheduler.advance(10_000);
      await table.settled();
      expect(told).toEqual([
        ['foreign-vxlan-dropped', 5],
        ['foreign-vxlan-dropped', 2],
      ]);
    });

    it('but not what an earlier weftd has left behind, which that has told', async () => {
      nft.dropped = { ...none, 'spoofed-sources-dropped': 5 };
      const next = new NatTable({ nft, scheduler, report: (event) => report(event) });
      next.want(nothing);
      await next.settled();
      next.close();
      expect(told).toEqual([]);
    });
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
    nft.failure = refused;
    table.want(masquerading('10.1.0.0/16'));
    expect(await table.settled()).toBe(refused.reason);
    await scheduler.advance(200);
    nft.failure = undefined;
    table.want(masquerading('10.2.0.0/16'));
    expect(await table.settled()).toBeUndefined();
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
