import { address, prefix } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { cluster, configuration, node, pool } from '../../test/support/fixtures.ts';
import { findIdleBlocks } from './idle-blocks.ts';
import { hostOwner } from './owner.ts';

const MINUTE = 60_000;

/** Node1 with three IPv4 blocks and one IPv6 block, all empty; node2 with one, node3 with one and no Node. */
async function blocksOfNodes() {
  const made = await cluster(
    pool('pool4', '10.0.0.0/24', { blockSize: 28 }),
    pool('pool6', 'fd00::/120', { blockSize: 124 }),
    node('node1'),
    node('node2'),
    node('node3'),
    configuration({ ipCooldownSeconds: 60 }),
  );
  const claims = {
    '10.0.0.32/28': 'node1',
    '10.0.0.0/28': 'node1',
    '10.0.0.16/28': 'node1',
    'fd00::/124': 'node1',
    '10.0.0.48/28': 'node2',
    '10.0.0.64/28': 'node3',
    '10.0.0.80/28': 'node3',
  };
  for (const [cidr, name] of Object.entries(claims))
    await made.ipam.claimAffinity({ cidr: prefix(cidr), owner: hostOwner(name) });
  const look = async (now: number, earlier: ReadonlyMap<string, number> = new Map()) => {
    const snapshot = {
      blocks: (await made.store.list('IPAMBlock')).items,
      nodes: new Set(['node1', 'node2']),
      cooldown: { seconds: 60, now: made.clock.now },
    };
    const report = findIdleBlocks(snapshot, { now, graceMs: 15 * MINUTE, earlier });
    return { ...report, cidrs: report.confirmed.map(({ cidr }) => cidr) };
  };
  return { ...made, look };
}

describe('an idle block', () => {
  it('is given up after two looks as far apart as the grace period, but for one of each node and family', async () => {
    const { look } = await blocksOfNodes();
    const first = await look(0);
    expect(first.cidrs).toEqual([]);
    expect((await look(15 * MINUTE - 1, first.idleSince)).cidrs).toEqual([]);
    const second = await look(15 * MINUTE, first.idleSince);
    expect(second.confirmed.map(({ cidr, node: name }) => [cidr, name])).toEqual([
      ['10.0.0.16/28', 'node1'],
      ['10.0.0.32/28', 'node1'],
    ]);
  });

  it('may be the first, too, while another one is in use', async () => {
    const { ipam, look } = await blocksOfNodes();
    await ipam.assignIp({ address: address('10.0.0.33'), node: 'node1', handle: 'h' });
    const first = await look(0);
    expect((await look(15 * MINUTE, first.idleSince)).cidrs).toEqual(['10.0.0.0/28', '10.0.0.16/28']);
  });

  it('begins anew when somebody wrote it in between, and is none while an address cools down', async () => {
    const { ipam, look, clock } = await blocksOfNodes();
    const first = await look(0);
    await ipam.assignIp({ address: address('10.0.0.17'), node: 'node1', handle: 'h' });
    await ipam.releaseByHandle('h');
    const cooling = await look(15 * MINUTE, first.idleSince);
    expect(cooling.cidrs).toEqual(['10.0.0.32/28']);
    clock.now += 2 * MINUTE;
    const cooled = await look(15 * MINUTE, first.idleSince);
    expect(cooled.cidrs).toEqual(['10.0.0.32/28']);
    expect((await look(30 * MINUTE, cooled.idleSince)).cidrs).toEqual(['10.0.0.16/28', '10.0.0.32/28']);
  });
});
