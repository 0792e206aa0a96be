import type { IPPool } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { pool } from '../../test/support/fixtures.ts';
import { choosePools, type PoolQuery } from './pool-choice.ts';

const query: PoolQuery = {
  family: 4,
  intendedUse: 'Workload',
  node: { name: 'node1', labels: { rack: 'a' } },
};

const a = pool('a', '10.0.0.0/24');
const b = pool('b', '10.0.1.0/24');
const notAllocatable: IPPool = {
  ...a,
  status: {
    conditions: [
      {
        type: 'Allocatable',
        status: 'False',
        reason: 'CIDROverlap',
        message: 'overlaps',
        lastTransitionTime: '2026-08-22T06:33:20Z',
      },
    ],
  },
};
const terminating: IPPool = { ...a, metadata: { name: 'a', deletionTimestamp: '2026-08-22T06:33:20Z' } };

interface Row {
  readonly claim: string;
  readonly pools: readonly IPPool[];
  readonly query?: Partial<PoolQuery>;
  readonly chosen: readonly string[];
  readonly leftOut?: Record<string, string>;
}

const rows: Row[] = [
  { claim: 'all that fit, sorted by name', pools: [b, a], chosen: ['a', 'b'] },
  { claim: 'none of the other family, without a word', pools: [a, pool('six', 'fd00::/64')], chosen: ['a'] },
  {
    claim: 'IPv6 pools for IPv6',
    pools: [a, pool('six', 'fd00::/64')],
    query: { family: 6 },
    chosen: ['six'],
  },
  {
    claim: 'none that is disabled',
    pools: [pool('a', '10.0.0.0/24', { disabled: true }), b],
    chosen: ['b'],
    leftOut: { a: 'is disabled' },
  },
  {
    claim: 'none that is being deleted',
    pools: [terminating, b],
    chosen: ['b'],
    leftOut: { a: 'is being deleted' },
  },
  {
    claim: 'none whose condition Allocatable is False',
    pools: [notAllocatable, b],
    chosen: ['b'],
    leftOut: { a: 'is not allocatable (CIDROverlap)' },
  },
  {
    claim: 'none that is Manual',
    pools: [pool('a', '10.0.0.0/24', { assignmentMode: 'Manual' }), b],
    chosen: ['b'],
    leftOut: { a: 'is used only when it is requested (assignmentMode Manual)' },
  },
  {
    claim: 'by nodeSelector',
    pools: [
      pool('a', '10.0.0.0/24', { nodeSelector: 'rack == "a"' }),
      pool('b', '10.0.1.0/24', { nodeSelector: 'rack == "b"' }),
    ],
    chosen: ['a'],
    leftOut: { b: 'does not select node node1 (nodeSelector rack == "b")' },
  },
  {
    claim: 'by namespaceSelector',
    pools: [
      pool('a', '10.0.0.0/24', { namespaceSelector: 'team == "x"' }),
      pool('b', '10.0.1.0/24', { namespaceSelector: 'team == "y"' }),
    ],
    query: { namespaceLabels: { team: 'x' } },
    chosen: ['a'],
    leftOut: { b: 'does not select the namespace (namespaceSelector team == "y")' },
  },
  {
    claim: 'with no labels when the namespace is not known',
    pools: [
      pool('a', '10.0.0.0/24', { namespaceSelector: 'has(team)' }),
      pool('b', '10.0.1.0/24', { namespaceSelector: '!has(team)' }),
    ],
    chosen: ['b'],
    leftOut: { a: 'does not select the namespace (namespaceSelector has(team))' },
  },
  {
    claim: 'by intended use',
    pools: [
      pool('a', '10.0.0.0/24', { allowedUses: ['Tunnel'] }),
      pool('b', '10.0.1.0/24', { allowedUses: ['Workload'] }),
    ],
    chosen: ['b'],
    leftOut: { a: 'is for Tunnel only, not for Workload' },
  },
  {
    claim: 'none whose selector cannot be read',
    pools: [pool('a', '10.0.0.0/24', { nodeSelector: 'rack =' }), b],
    chosen: ['b'],
    leftOut: {
      a: expect.stringMatching(/^has a nodeSelector that cannot be read: "rack =" is not a selector/),
    },
  },
  {
    claim: 'requested ones only, in the order requested, by CIDR or name',
    pools: [a, b, pool('c', '10.0.2.0/24')],
    query: { requested: ['c', '10.0.0.0/24'] },
    chosen: ['c', 'a'],
  },
  {
    claim: 'no part smaller than a block',
    pools: [pool('a', '10.0.0.0/16')],
    query: { requested: ['10.0.4.0/28'] },
    chosen: [],
    leftOut: { '10.0.4.0/28': 'is smaller than a block of pool a, which is a /26' },
  },
  {
    claim: 'requested ones whatever their selectors and mode',
    pools: [
      pool('a', '10.0.0.0/24', {
        nodeSelector: '!all()',
        namespaceSelector: 'has(x)',
        assignmentMode: 'Manual',
      }),
    ],
    query: { requested: ['a'] },
    chosen: ['a'],
  },
  {
    claim: 'none at all when a requested one does not exist',
    pools: [a],
    query: { requested: ['a', 'ghost'] },
    chosen: [],
    leftOut: { ghost: 'does not exist' },
  },
  {
    claim: 'none at all when a requested one is disabled',
    pools: [a, pool('b', '10.0.1.0/24', { disabled: true })],
    query: { requested: ['a', 'b'] },
    chosen: [],
    leftOut: { b: 'is disabled' },
  },
  {
    claim: 'none at all when a requested one is of the other family',
    pools: [pool('six', 'fd00::/64')],
    query: { requested: ['six'] },
    chosen: [],
    leftOut: { six: 'is not an IPv4 pool' },
  },
  {
    claim: 'requested ones only for their use',
    pools: [pool('a', '10.0.0.0/24', { allowedUses: ['LoadBalancer'] })],
    query: { requested: ['a'] },
    chosen: [],
    leftOut: { a: 'is for LoadBalancer only, not for Workload' },
  },
];

describe('pool choice (Calico determinePools, filterPoolsByUse) takes', () => {
  test.each(rows)('$claim', ({ pools, query: more, chosen, leftOut = {} }) => {
    const choice = choosePools(pools, { ...query, ...more });
    expect(choice.pools.map(({ name }) => name)).toEqual(chosen);
    expect(Object.fromEntries(choice.leftOut.map(({ pool: name, reason }) => [name, reason]))).toEqual(
      leftOut,
    );
  });

  test('a part of a pool, where its CIDR is requested', () => {
    const pools = [pool('a', '10.0.0.0/16'), b];
    const part = { name: 'a', cidr: '10.0.4.0/24', blockSize: 26 };
    expect(choosePools(pools, { ...query, requested: ['10.0.4.0/24'] })).toEqual({
      pools: [part],
      leftOut: [],
    });
    expect(choosePools(pools, { ...query, requested: ['10.0.0.0/8'] }).leftOut).toEqual([
      { pool: '10.0.0.0/8', reason: 'does not exist' },
    ]);
  });

  test('blocks of /26 and /122 when a pool does not say', () => {
    const silent = [pool('a', '10.0.0.0/24', { blockSize: 0 }), pool('b', 'fd00::/64', { blockSize: 0 })];
    expect(choosePools(silent, query).pools[0]?.blockSize).toBe(26);
    expect(choosePools(silent, { ...query, family: 6 }).pools[0]?.blockSize).toBe(122);
  });
});
