import { describe, expect, test } from 'vitest';
import { faults, parsed } from '../../test/parsing.ts';

const accept = { action: 'Accept' };
const inTen = { cidr: '10.0.0.0/8', matchOperator: 'In' };

describe('BGPFilter', () => {
  test.each([
    [{}],
    [{ exportV4: [accept, { action: 'Reject' }] }],
    [{ importV4: [{ ...accept, ...inTen, prefixLength: { min: 0, max: 32 } }] }],
    [{ exportV6: [{ ...accept, cidr: 'fd00::/8', matchOperator: 'NotIn', prefixLength: { max: 128 } }] }],
    [
      {
        exportV4: [
          { ...accept, interface: '*.calico', source: 'RemotePeers', peerType: 'iBGP', priority: 1 },
        ],
      },
    ],
    [{ importV6: [{ ...accept, communities: { values: ['1:2:3'] }, asPathPrefix: [65000, '1.1'] }] }],
    [
      {
        exportV4: [
          { ...accept, operations: [{ addCommunity: { value: '1:2' } }, { setPriority: { value: 512 } }] },
        ],
      },
    ],
    [{ exportV4: [{ ...accept, operations: [{ prependASPath: { prefix: [65000] } }] }] }],
  ])('accepts %j', (spec) => {
    expect(faults('BGPFilter', spec)).toEqual([]);
  });

  test('an address stands for its host prefix', () => {
    const { spec } = parsed('BGPFilter', { exportV4: [{ ...accept, ...inTen, cidr: '10.0.0.1' }] });
    expect(spec.exportV4?.[0]?.cidr).toBe('10.0.0.1/32');
  });

  test.each([
    [[{}], 'spec.exportV4[0].action: is required'],
    [[accept, { action: 'Drop' }], 'spec.exportV4[1].action: "Drop" is not one of Accept, Reject'],
    [[{ ...accept, cidr: '10.0.0.0/8' }], 'spec.exportV4[0].matchOperator: is required with cidr'],
    [[{ ...accept, matchOperator: 'In' }], 'spec.exportV4[0].matchOperator: has nothing to match'],
    [[{ ...accept, prefixLength: { min: 8 } }], 'spec.exportV4[0].prefixLength: needs a range'],
    [
      [{ ...accept, ...inTen, prefixLength: { max: 33 } }],
      'spec.exportV4[0].prefixLength.max: 33 is more than 32',
    ],
    [[{ ...accept, ...inTen, cidr: 'fd00::/8' }], 'spec.exportV4[0].cidr: fd00::/8 is not IPv4'],
    [
      [{ ...accept, ...inTen, cidr: '10.0.0.1/8' }],
      'spec.exportV4[0].cidr: "10.0.0.1/8" has host bits set; the network is 10.0.0.0/8',
    ],
    [
      [{ ...accept, communities: { values: [] } }],
      'spec.exportV4[0].communities.values: a count of 0 is less than 1',
    ],
    [
      [{ action: 'Reject', operations: [{ setPriority: { value: 1 } }] }],
      'spec.exportV4[0].operations: a rejected route cannot be changed',
    ],
    [[{ ...accept, operations: [{}] }], 'spec.exportV4[0].operations[0]: holds 0 operations'],
    [
      [{ ...accept, operations: [{ setPriority: { value: 1 }, addCommunity: { value: '1:2' } }] }],
      'spec.exportV4[0].operations[0]: holds 2 operations',
    ],
    [
      [{ ...accept, operations: [{ prependASPath: { prefix: [0] } }] }],
      'spec.exportV4[0].operations[0].prependASPath.prefix[0]: 0 is not an AS number between 1 and 4294967295',
    ],
  ])('refuses %j', (rules, fault) => {
    expect(faults('BGPFilter', { exportV4: rules })).toEqual([fault]);
  });
});
