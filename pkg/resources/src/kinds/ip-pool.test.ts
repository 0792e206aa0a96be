import { describe, expect, test } from 'vitest';
import { faults, parsed } from '../../test/parsing.ts';
import { definitionOf } from '../kinds.ts';

const cidr = '10.0.0.0/16';
const loadBalancer = { cidr, allowedUses: ['LoadBalancer'] };

describe('IPPool', () => {
  test('defaults are those of Calico', () => {
    expect(parsed('IPPool', { cidr }).spec).toEqual({
      cidr,
      blockSize: 26,
      ipipMode: 'Never',
      vxlanMode: 'Never',
      natOutgoing: false,
      disabled: false,
      disableBGPExport: false,
      nodeSelector: 'all()',
      allowedUses: ['Workload', 'Tunnel'],
      assignmentMode: 'Automatic',
    });
  });

  test('blocks are /26 and /122 when the size is absent or 0', () => {
    expect(parsed('IPPool', { cidr, blockSize: 0 }).spec.blockSize).toBe(26);
    expect(parsed('IPPool', { cidr: 'fd00:10::/64' }).spec.blockSize).toBe(122);
    expect(parsed('IPPool', { cidr, blockSize: 28 }).spec.blockSize).toBe(28);
  });

  test('an empty list of uses, and empty text, mean: not given', () => {
    const { spec } = parsed('IPPool', {
      cidr,
      allowedUses: [],
      nodeSelector: '',
      vxlanMode: null,
      namespaceSelector: '',
    });
    expect(spec).toMatchObject({
      allowedUses: ['Workload', 'Tunnel'],
      nodeSelector: 'all()',
      vxlanMode: 'Never',
    });
    expect('namespaceSelector' in spec).toBe(false);
  });

  test.each([
    [{ cidr }],
    [{ cidr: 'fd00:10::/64', blockSize: 128, vxlanMode: 'Always' }],
    [{ cidr: '10.0.0.0/26', ipipMode: 'CrossSubnet', natOutgoing: true }],
    [{ cidr: '10.0.0.0/28', disabled: true }],
    [{ ...loadBalancer, assignmentMode: 'Manual' }],
    [{ cidr, allowedUses: ['Workload'], namespaceSelector: 'team == "a"', nodeSelector: '!all()' }],
  ])('accepts %j', (spec) => {
    expect(faults('IPPool', spec)).toEqual([]);
  });

  test.each([
    [{}, 'spec.cidr: is required'],
    [{ cidr: '10.0.0.1/16' }, 'spec.cidr: "10.0.0.1/16" has host bits set; the network is 10.0.0.0/16'],
    [{ cidr: '10.0.0.1' }, 'spec.cidr: "10.0.0.1" has no prefix length'],
    [{ cidr: 10 }, 'spec.cidr: must be a string, not 10'],
    [{ cidr: '169.254.1.0/24' }, 'spec.cidr: the range holds link-local addresses, which no router forwards'],
    [{ cidr: '169.0.0.0/8' }, 'spec.cidr: the range holds link-local addresses, which no router forwards'],
    [{ cidr: 'fe80::/64' }, 'spec.cidr: the range holds link-local addresses, which no router forwards'],
    [{ cidr, blockSize: 19 }, 'spec.blockSize: 19 is not between 20 and 32 (IPv4)'],
    [{ cidr: 'fd00::/64', blockSize: 26 }, 'spec.blockSize: 26 is not between 116 and 128 (IPv6)'],
    [{ cidr, blockSize: 129 }, 'spec.blockSize: 129 is more than 128'],
    [{ cidr, blockSize: 26.5 }, 'spec.blockSize: must be an integer, not 26.5'],
    [{ cidr: '10.0.0.0/27' }, 'spec.blockSize: a block of /26 is larger than the pool 10.0.0.0/27'],
    [{ cidr, ipipMode: 'always' }, 'spec.ipipMode: "always" is not one of Never, Always, CrossSubnet'],
    [{ cidr, ipipMode: 'Always', vxlanMode: 'Always' }, 'spec.ipipMode: IPIP and VXLAN cannot both be on'],
    [{ cidr: 'fd00::/64', ipipMode: 'Always' }, 'spec.ipipMode: IPIP carries IPv4 only'],
    [
      { cidr, nodeSelector: 'rack = 1' },
      'spec.nodeSelector: "rack = 1" is not a selector: an operator is expected after rack, not "= 1" at character 6',
    ],
    [{ cidr, nodeSelector: 'global()' }, 'spec.nodeSelector: global() selects neither nodes nor namespaces'],
    [
      { cidr, nodeSelector: `a == "${'x'.repeat(1024)}"` },
      'spec.nodeSelector: a length of 1031 is more than 1024',
    ],
    [
      { cidr, namespaceSelector: 'all()' },
      'spec.namespaceSelector: a pool for tunnels cannot choose namespaces: tunnels belong to none',
    ],
    [{ cidr, allowedUses: ['Workload', 'Workload'] }, 'spec.allowedUses[1]: "Workload" is listed twice'],
    [
      { cidr, allowedUses: ['Workload', 'LoadBalancer'] },
      'spec.allowedUses: LoadBalancer cannot be combined with other uses',
    ],
    [
      { ...loadBalancer, nodeSelector: 'has(x)' },
      'spec.nodeSelector: a LoadBalancer pool belongs to all nodes',
    ],
    [
      { ...loadBalancer, vxlanMode: 'Always' },
      'spec.allowedUses: a LoadBalancer pool cannot be encapsulated',
    ],
    [
      { ...loadBalancer, disableBGPExport: true },
      'spec.disableBGPExport: a LoadBalancer pool must be exported to BGP peers',
    ],
    [{ cidr, natOutgoing: 'yes' }, 'spec.natOutgoing: must be a boolean, not "yes"'],
    [{ cidr, blokSize: 26 }, 'spec.blokSize: is not a known field'],
  ])('refuses %j', (spec, fault) => {
    expect(faults('IPPool', spec)).toEqual([fault]);
  });

  test('cidr, block size and the use for load balancers cannot change', () => {
    const { validateUpdate } = definitionOf('IPPool');
    const pool = parsed('IPPool', { cidr });
    const changed = parsed('IPPool', { cidr: '10.1.0.0/16', blockSize: 27, natOutgoing: true });
    expect(validateUpdate(changed, pool).map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      'spec.cidr: cannot change from 10.0.0.0/16 to 10.1.0.0/16',
      'spec.blockSize: cannot change from 26 to 27',
    ]);
    expect(validateUpdate(pool, parsed('IPPool', loadBalancer))).toHaveLength(1);
    expect(validateUpdate(parsed('IPPool', { cidr, blockSize: 26, disabled: true }), pool)).toEqual([]);
  });
});
