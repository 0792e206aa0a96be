import { describe, expect, test } from 'vitest';
import { ADDRESS, cluster, receiver } from '../test/fixture.ts';
import { explainFrom } from './chain.ts';

function notes(stage: string, changes: Parameters<typeof cluster>[0]): string[] {
  const { hops } = explainFrom(cluster(changes), 'node2');
  return hops
    .filter((hop) => hop.stage === stage && hop.answer === 'note')
    .map(({ node, says }) => `${node}: ${says}`);
}

const elsewhere = {
  address: ADDRESS,
  route: {
    prefix: `${ADDRESS}/32`,
    type: 'unicast',
    via: [{ interface: 'cali2' }],
    metric: 0,
    table: 254,
    protocol: 'weft',
  },
};

describe('the source guard', () => {
  test('lets through what a workload sends from an address the host routes to it', () => {
    expect(notes('source guard', {})).toEqual([
      `node1: what it sends from ${ADDRESS} is let through: the route of node1 to it leads to cali1`,
    ]);
  });

  test('drops it where the route leads elsewhere, unless the workload may send from there', () => {
    expect(notes('source guard', { owner: { lookup: elsewhere } })).toEqual([
      `node1: what it sends from ${ADDRESS} is dropped: the route of node1 to it does not lead to cali1`,
    ]);
    const allowedSources = [{ hostInterface: 'cali1', prefix: '10.1.0.0/27' }];
    expect(notes('source guard', { owner: { lookup: elsewhere, allowedSources } })).toEqual([
      `node1: what it sends from ${ADDRESS} is let through: cali1 may send from 10.1.0.0/27, too`,
    ]);
  });

  test('is not vouched for where nftables could not be written', () => {
    expect(notes('source guard', { owner: { lookup: elsewhere, natFailure: 'there is no nft' } })).toEqual([
      `node1: what it sends from ${ADDRESS} may not be checked: nftables of node1 are not as wanted: there is no nft`,
    ]);
  });

  test('names other workloads that may send from it', () => {
    const allowedSources = [{ hostInterface: 'cali9', prefix: '192.0.2.0/24' }];
    const outside = {
      destination: '192.0.2.1/32',
      receiver: { ...receiver({ prefixes: [], allowedSources }) },
    };
    expect(notes('source guard', outside)).toEqual([
      'node2: the workload on cali9 may send from 192.0.2.0/24, too',
    ]);
  });
});

describe('address translation', () => {
  test('is told of the node that has the address, and of the one that sends to the outside', () => {
    const nat = ['what it sends to the outside gets 10.0.0.1 (natOutgoing of pods: what leaves the pools)'];
    expect(notes('nat', { owner: { nat } })).toEqual([`node1: ${nat}`]);
    expect(notes('nat', { destination: '192.0.2.1/32', receiver: { prefixes: [], nat } })).toEqual([
      `node2: ${nat}`,
    ]);
  });

  test('never decides', () => {
    expect(explainFrom(cluster({ owner: { nat: ['x'] } }), 'node2').verdict.answer).toBe('yes');
  });
});
