import { describe, expect, it } from 'vitest';
import { poolOf, readPoolSettings } from './pool-settings.ts';

const four = {
  family: 4,
  blockSize: 26,
  ipipMode: 'Never',
  vxlanMode: 'Never',
  natOutgoing: true,
  nodeSelector: 'all()',
  disableBGPExport: false,
};
const six = { ...four, family: 6, blockSize: 122, natOutgoing: false };

describe('the pools that the environment asks for', () => {
  it('are one of each family, not encapsulated, with NAT for IPv4, unless it says otherwise', () => {
    expect(readPoolSettings({})).toEqual([four, six]);
  });

  it.each([
    [{ CALICO_IPV4POOL_CIDR: 'none' }, [six]],
    [{ CALICO_IPV6POOL_CIDR: 'none' }, [four]],
    [{ NO_DEFAULT_POOLS: 'True' }, []],
    [{ NO_DEFAULT_POOLS: 'no' }, [four, six]],
    [
      { CALICO_IPV4POOL_CIDR: '10.1.0.0/16', CALICO_IPV6POOL_CIDR: 'none' },
      [{ ...four, cidr: '10.1.0.0/16' }],
    ],
    [
      {
        CALICO_IPV4POOL_IPIP: 'Cross-Subnet',
        CALICO_IPV4POOL_BLOCK_SIZE: '28',
        CALICO_IPV4POOL_NAT_OUTGOING: 'F',
        CALICO_IPV4POOL_NODE_SELECTOR: "rack == 'a'",
        CALICO_IPV4POOL_DISABLE_BGP_EXPORT: 'true',
        CALICO_IPV6POOL_VXLAN: 'ALWAYS',
        CALICO_IPV6POOL_NAT_OUTGOING: 'yes',
      },
      [
        {
          ...four,
          ipipMode: 'CrossSubnet',
          blockSize: 28,
          natOutgoing: false,
          nodeSelector: "rack == 'a'",
          disableBGPExport: true,
        },
        { ...six, vxlanMode: 'Always', natOutgoing: true },
      ],
    ],
    [
      { CALICO_IPV4POOL_IPIP: 'off', CALICO_IPV4POOL_VXLAN: 'crosssubnet', CALICO_IPV6POOL_CIDR: 'none' },
      [{ ...four, vxlanMode: 'CrossSubnet' }],
    ],
  ])('%j', (environment, settings) => {
    expect(readPoolSettings(environment)).toEqual(settings);
  });

  it.each([
    [
      { NO_DEFAULT_POOLS: 'true', CALICO_IPV6POOL_CIDR: 'fd00::/48' },
      'NO_DEFAULT_POOLS, CALICO_IPV6POOL_CIDR',
    ],
    [{ CALICO_IPV4POOL_CIDR: '10.1.0.0' }, 'CALICO_IPV4POOL_CIDR'],
    [{ CALICO_IPV4POOL_CIDR: 'fd00::/48' }, 'CALICO_IPV4POOL_CIDR'],
    [{ CALICO_IPV4POOL_IPIP: 'sometimes' }, 'CALICO_IPV4POOL_IPIP'],
    [{ CALICO_IPV4POOL_BLOCK_SIZE: '33' }, 'CALICO_IPV4POOL_…'],
    [{ CALICO_IPV6POOL_BLOCK_SIZE: 'x' }, 'CALICO_IPV6POOL_…'],
    [{ CALICO_IPV4POOL_NODE_SELECTOR: 'rack ==' }, 'CALICO_IPV4POOL_…'],
    [{ CALICO_IPV4POOL_IPIP: 'Always', CALICO_IPV4POOL_VXLAN: 'Always' }, 'CALICO_IPV4POOL_…'],
  ])('are refused by the name of the variable: %j', (environment, object) => {
    expect(() => readPoolSettings(environment)).toThrow(
      expect.objectContaining({ name: 'StartupError', object }),
    );
  });

  it("have the names of Calico's", () => {
    const [settings] = readPoolSettings({});
    if (settings === undefined) throw new Error('no settings');
    expect(poolOf(settings, '10.2.0.0/16' as never)).toMatchObject({
      metadata: { name: 'default-ipv4-ippool' },
      spec: { cidr: '10.2.0.0/16', allowedUses: ['Workload', 'Tunnel'], natOutgoing: true },
    });
  });
});
