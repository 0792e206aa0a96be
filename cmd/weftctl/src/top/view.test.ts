import { describe, expect, it } from 'vitest';
import { peer } from '../../test/fake-daemon.ts';
import { plain } from '../print/table.ts';
import { type Sample, totalsOf } from './sample.ts';
import { cut } from './screen.ts';
import { ago, drawTop } from './view.ts';

const now = new Date('2026-11-21T10:00:00.000Z');

function sample(changes: Partial<Sample> & { readonly page?: string } = {}): Sample {
  const { page = '', ...rest } = changes;
  return {
    node: 'node1',
    at: 0,
    since: '2026-11-21T09:59:00.000Z',
    readiness: { ok: true, reasons: [] },
    peers: [],
    totals: totalsOf(page.split('\n').filter((line) => line !== '')),
    routes: { wanted: 3, inKernel: 3 },
    ...rest,
  };
}

function cells(looks: Parameters<typeof drawTop>[0]['looks'], before: readonly Sample[] = []): string[][] {
  const lines = drawTop({ now, looks, before: new Map(before.map((look) => [look.node, look])) }, plain);
  return lines.map((line) => line.split(/ {2,}/));
}

describe('the picture of weftctl top', () => {
  it('says how many nodes and sessions are well', () => {
    const looks = [
      sample({ peers: [peer({}), peer({ address: '10.0.0.3', state: 'Active' })] }),
      { node: 'node2', failures: [{ what: 'connection refused', object: '', hint: '' }] },
    ];
    expect(cells(looks)[0]).toEqual(['weft 10:00:00 UTC', '1 of 2 nodes ready', '1 of 2 sessions up']);
    expect(cells(looks)[4]).toEqual(['node2', 'no answer', 'connection refused']);
  });

  it('has rates of the time between two looks, and dashes without an earlier one', () => {
    const earlier = sample({
      peers: [peer({ counters: { ...peer({}).counters, updatesReceived: 10 } })],
      page: 'process_cpu_seconds_total 1\nweft_endpoint_attach_seconds_count{outcome="attached"} 4',
    });
    const later = sample({
      at: 2_000,
      peers: [peer({ counters: { ...peer({}).counters, updatesReceived: 15 } })],
      page: [
        'process_cpu_seconds_total 2',
        'weft_endpoint_attach_seconds_count{outcome="attached"} 5',
        'weft_endpoint_attach_seconds_count{outcome="refused"} 2',
        'process_resident_memory_bytes 104857600',
      ].join('\n'),
    });
    expect(cells([later], [earlier])[3]).toEqual([
      'node1',
      'yes',
      '60s',
      '1/1',
      '3/3',
      '0',
      '-',
      '2.5',
      '1.5',
      '0',
      '50 %',
      '100 MiB',
    ]);
    expect(cells([later])[3]?.slice(7, 11)).toEqual(['-', '-', '-', '-']);
  });

  it('has no rate of a counter that began anew', () => {
    const before = sample({ page: 'process_cpu_seconds_total 90' });
    const after = sample({ at: 1_000, page: 'process_cpu_seconds_total 1' });
    expect(cells([after], [before])[3]?.[10]).toBe('-');
  });

  it('shows sessions in trouble first, then those that are busy', () => {
    const busy = (updatesReceived: number) => ({ ...peer({}).counters, updatesReceived });
    const peers = (updates: number) => [
      peer({ address: '10.0.0.2', counters: busy(0) }),
      peer({ address: '10.0.0.3', counters: busy(updates) }),
      peer({ address: '10.0.0.4', state: 'Connect', info: 'connection refused' }),
    ];
    const rows = cells([sample({ at: 1_000, peers: peers(9) })], [sample({ peers: peers(0) })]).slice(6);
    expect(rows.map((row) => row[1])).toEqual(['10.0.0.4', '10.0.0.3', '10.0.0.2']);
    expect(rows[0]?.at(-1)).toBe('connection refused');
  });
});

it.each([
  ['2026-11-21T09:58:01.000Z', '119s'],
  ['2026-11-21T09:58:00.000Z', '2m'],
  ['2026-11-21T08:00:00.000Z', '2h'],
  ['2026-11-19T10:00:00.000Z', '2d'],
  ['2026-11-21T10:00:05.000Z', '0s'],
])('%s is %s ago', (when, text) => {
  expect(ago(when, now)).toBe(text);
});

it('cuts a line where the terminal ends, without its colours taking room', () => {
  expect(cut('\u001b[31mabcdef\u001b[39m', 4)).toBe('\u001b[31mabcd\u001b[39m');
  expect(cut('abc', 4)).toBe('abc');
});
