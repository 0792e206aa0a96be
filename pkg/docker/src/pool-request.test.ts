import { describe, expect, it } from 'vitest';
import type { RequestPool } from './messages.ts';
import { decodePoolId } from './pool-id.ts';
import { answerPoolRequest, type Pool } from './pool-request.ts';
import { isRefusal } from './refusal.ts';

const pools: Pool[] = [
  { name: 'racks', cidr: '10.0.0.0/16', family: 'ipv4', blockSize: 26 },
  { name: 'far', cidr: '10.1.0.0/16', family: 'ipv4', blockSize: 26, notAutomatic: 'does not select node1' },
  { name: 'old', cidr: '10.2.0.0/16', family: 'ipv4', blockSize: 26, unusable: 'is disabled' },
  { name: 'six', cidr: 'fd00:10::/48', family: 'ipv6', blockSize: 122 },
];
const any: RequestPool = { Pool: '', SubPool: '', Options: {}, V6: false };

/** PoolID and pool, or the whole refusal. */
function answer(request: Partial<RequestPool>, from = pools): string {
  const answered = answerPoolRequest({ ...any, ...request }, from);
  return isRefusal(answered)
    ? `${answered.message}: ${answered.object}. ${answered.hint}`
    : `${answered.PoolID} ${answered.Pool}`;
}

describe('the pool of a network', () => {
  it.each<[string, Partial<RequestPool>, string]>([
    ['any that selects the node', {}, 'weft/ipv4 0.0.0.0/0'],
    ['any of IPv6', { V6: true }, 'weft/ipv6 ::/0'],
    ['the one whose CIDR is the subnet', { Pool: '10.1.0.0/16' }, 'weft/ipv4/10.1.0.0/16 10.1.0.0/16'],
    ['a part of one', { Pool: '10.0.4.0/24' }, 'weft/ipv4/10.0.4.0/24 10.0.4.0/24'],
    [
      'a part of one by --ip-range',
      { Pool: '10.0.0.0/16', SubPool: '10.0.4.0/24' },
      'weft/ipv4/10.0.4.0/24 10.0.0.0/16',
    ],
    ['an IPv6 subnet', { Pool: 'fd00:10::/64', V6: true }, 'weft/ipv6/fd00:10::/64 fd00:10::/64'],
    ['the one that is named', { Options: { 'weft.pool': 'far' } }, 'weft/ipv4/far 0.0.0.0/0'],
    [
      'for each family by its own option',
      { Options: { 'weft.pool': 'far', 'weft.pool6': 'six' }, V6: true },
      'weft/ipv6/six ::/0',
    ],
  ])('is %s', (_, request, expected) => {
    expect(answer(request)).toBe(expected);
  });

  const known = 'There are: racks (10.0.0.0/16), far (10.1.0.0/16), old (10.2.0.0/16).';
  it.each<[string, Partial<RequestPool>, string]>([
    [
      'in no pool',
      { Pool: '10.9.0.0/16' },
      `weft has no pool for the network's ipv4 addresses: subnet 10.9.0.0/16. ${known} A subnet is the CIDR of a pool or lies in one.`,
    ],
    ['larger than a pool', { Pool: '10.0.0.0/8' }, 'weft has no pool'],
    [
      'smaller than a block',
      { Pool: '10.0.0.0/28' },
      'a subnet in pool racks is a /26 or larger: 10.0.0.0/28. Choose a larger one; hosts take addresses by blocks of that size.',
    ],
    ['in a disabled pool', { Pool: '10.2.0.0/16' }, 'the pool is disabled: old. Choose another pool.'],
    ['that is none', { Pool: '10.0.0.5/16' }, '10.0.0.5/16'],
    ['of a pool that is not there', { Options: { 'weft.pool': 'x' } }, 'weft has no pool'],
    ['of a pool of the other family', { Options: { 'weft.pool': 'six' } }, 'weft has no pool'],
    [
      'elsewhere than the named pool',
      { Pool: '10.0.0.0/24', Options: { 'weft.pool': 'far' } },
      'the subnet lies in pool racks, not in the pool that is named: weft.pool=far. Give one of the two.',
    ],
    [
      'with an option of others',
      { Options: { mtu: '9000' } },
      'weft has no such IPAM option: mtu. It has weft.pool and weft.pool6.',
    ],
  ])('cannot be a subnet %s', (_, request, expected) => {
    expect(answer(request)).toContain(expected);
  });

  it('cannot be any when none selects the node, and each says why', () => {
    expect(answer({}, pools.slice(1))).toContain('far does not select node1; old is disabled');
    expect(answer({}, [])).toContain('there is none');
  });
});

describe('a PoolID', () => {
  it('says where addresses come from, also to a driver that was started since', () => {
    expect(decodePoolId('weft/ipv4')).toEqual({ family: 'ipv4' });
    expect(decodePoolId('weft/ipv6/fd00:10::/64')).toEqual({ family: 'ipv6', pool: 'fd00:10::/64' });
    expect(decodePoolId('CalicoPoolIPv4')).toMatchObject({ kind: 'refused', object: '"CalicoPoolIPv4"' });
  });
});
