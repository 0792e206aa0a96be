import { describe, expect, test } from 'vitest';
import { faults, parsed, written } from '../../test/parsing.ts';
import { parseJson } from '../json.ts';
import { readResource } from '../parse-resource.ts';

const block = {
  cidr: '10.0.0.0/30',
  affinity: 'host:node1',
  allocations: [0, null, null, 0],
  unallocated: [1, 2],
  attributes: [{ handle_id: 'k8s-pod-network.abc', secondary: { node: 'node1', pod: 'p' } }],
  sequenceNumber: 1_787_380_400_123_456_789n,
  sequenceNumberForAllocation: { '0': 1_787_380_400_123_456_780n, '3': 5 },
};

describe('IPAMBlock', () => {
  test('sequence numbers are bigint, however they were written', () => {
    const { spec } = parsed('IPAMBlock', block);
    expect(spec.sequenceNumber).toBe(1_787_380_400_123_456_789n);
    expect(spec.sequenceNumberForAllocation).toEqual({ '0': 1_787_380_400_123_456_780n, '3': 5n });
    expect(parsed('IPAMBlock', { ...block, sequenceNumber: undefined }).spec.sequenceNumber).toBe(0n);
  });

  test('a sequence number that has lost digits is refused', () => {
    // biome-ignore lint/correctness/noPrecisionLoss: the loss is what this is about
    const [fault] = faults('IPAMBlock', { ...block, sequenceNumber: 1787380400123456789 });
    expect(fault).toContain('digits beyond 2^53 were lost before it came here');
  });

  test('reads the value Calico stores in Kubernetes, old fields and all', () => {
    const text = `{"apiVersion":"projectcalico.org/v3","kind":"IPAMBlock","metadata":{"name":"10-0-0-0-30",
      "creationTimestamp":null},"spec":{"cidr":"10.0.0.0/30","affinity":null,"strictAffinity":false,
      "allocations":[0,null,null,null],"unallocated":[1,2,3],"attributes":[{"handle_id":"h\\rmore",
      "secondary":null}],"deleted":false,"hostAffinity":"node1","sequenceNumber":1787380400123456789}}`;
    const result = readResource(parseJson(text));
    expect(result).toMatchObject({
      ok: true,
      resource: {
        metadata: { name: '10-0-0-0-30' },
        spec: {
          hostAffinity: 'node1',
          attributes: [{ handle_id: 'h' }],
          allocations: [0, null, null, null],
          sequenceNumber: 1_787_380_400_123_456_789n,
        },
      },
    });
    expect(result.ok && 'affinity' in result.resource.spec).toBe(false);
  });

  test('lists that Go wrote as null are empty', () => {
    const { spec } = parsed('IPAMBlock', {
      cidr: '10.0.0.0/32',
      allocations: [null],
      unallocated: null,
      attributes: null,
    });
    expect(spec).toMatchObject({ unallocated: [], attributes: [] });
    expect(parsed('IPAMHandle', { handleID: 'h', block: null }).spec.block).toEqual({});
  });

  test.each([
    [{ affinity: 'node1' }, 'spec.affinity: "node1" is not host:<node> or virtual:<name>'],
    [{ allocations: [0, null] }, 'spec.allocations: has 2 entries; a block 10.0.0.0/30 has 4 addresses'],
    [{ allocations: [0, null, null, 1] }, 'spec.allocations[3]: points to attribute 1, but there are 1'],
    [{ sequenceNumber: -1 }, 'spec.sequenceNumber: -1 is not an unsigned 64-bit integer'],
    [{ sequenceNumber: 'x' }, 'spec.sequenceNumber: "x" is not an unsigned 64-bit integer'],
    [{ allocations: ['0'] }, 'spec.allocations[0]: must be an integer, not "0"'],
  ])('refuses %j', (change, fault) => {
    expect(faults('IPAMBlock', { ...block, ...change })).toEqual([fault]);
  });
});

describe('BlockAffinity', () => {
  test('an old claim without a state is confirmed, and of a host', () => {
    const { spec } = parsed('BlockAffinity', { cidr: '10.0.0.0/26', node: 'n1', state: '' });
    expect(spec).toEqual({
      cidr: '10.0.0.0/26',
      node: 'n1',
      state: 'confirmed',
      type: 'host',
      deleted: false,
    });
  });

  test('crd.projectcalico.org/v1 writes `deleted` as text', () => {
    const claim = { cidr: '10.0.0.0/26', node: 'n1', state: 'pendingDeletion' };
    const stored = readResource(written('BlockAffinity', { ...claim, deleted: 'true' }));
    expect(stored).toMatchObject({ ok: true, resource: { spec: { deleted: true } } });
    expect(parsed('BlockAffinity', { ...claim, deleted: 'false' }).spec.deleted).toBe(false);
    expect(faults('BlockAffinity', { ...claim, deleted: 'no' })).toEqual([
      'spec.deleted: "no" is neither true nor false',
    ]);
    expect(faults('BlockAffinity', { ...claim, deleted: true })).toEqual([
      'spec.deleted: nobody writes a claim that does not exist',
    ]);
  });

  test('knows three states', () => {
    const fault = 'spec.state: "gone" is not one of pending, confirmed, pendingDeletion';
    expect(faults('BlockAffinity', { cidr: '10.0.0.0/26', node: 'n1', state: 'gone' })).toEqual([fault]);
  });
});

describe('IPAMHandle', () => {
  test('counts addresses by block', () => {
    const { spec } = parsed('IPAMHandle', { handleID: 'Net.ABC', block: { '10.0.0.0/26': 1 } });
    expect(spec).toEqual({ handleID: 'Net.ABC', block: { '10.0.0.0/26': 1 }, deleted: false });
    expect(faults('IPAMHandle', { block: { x: 'y' } })).toEqual([
      'spec.handleID: is required',
      'spec.block.x: must be an integer, not "y"',
    ]);
  });
});

describe('IPAMConfiguration', () => {
  test('defaults to blocks on demand and borrowing', () => {
    expect(parsed('IPAMConfiguration', {}).spec).toEqual({
      strictAffinity: false,
      autoAllocateBlocks: true,
      maxBlocksPerHost: 0,
    });
  });

  test.each([
    [
      { autoAllocateBlocks: false },
      'spec.autoAllocateBlocks: without blocks of their own, nodes could only borrow',
    ],
    [
      { maxBlocksPerHost: 5 },
      'spec.maxBlocksPerHost: a limit means nothing while nodes may borrow from any block',
    ],
    [{ ipCooldownSeconds: 1201 }, 'spec.ipCooldownSeconds: 1201 is more than 1200'],
    [
      { strictAffinity: true, maxBlocksPerHost: 1_000_001 },
      'spec.maxBlocksPerHost: 1000001 is more than 1000000',
    ],
  ])('refuses %j', (spec, fault) => {
    expect(faults('IPAMConfiguration', spec)).toEqual([fault]);
  });

  test('is one object', () => {
    expect(faults('IPAMConfiguration', {}, { name: 'mine' })).toEqual([
      'metadata.name: no IPAMConfiguration can be called "mine"',
    ]);
  });
});

describe('IPReservation', () => {
  test('takes ranges and single addresses', () => {
    const { spec } = parsed('IPReservation', { reservedCIDRs: ['10.0.0.1/30', '10.0.0.9', 'fd00::/120'] });
    expect(spec.reservedCIDRs).toEqual(['10.0.0.0/30', '10.0.0.9/32', 'fd00::/120']);
  });

  test('names the entry that is wrong', () => {
    const fault = 'spec.reservedCIDRs[1]: "10.0.0.300" is not an IP address';
    expect(faults('IPReservation', { reservedCIDRs: ['10.0.0.1', '10.0.0.300'] })).toEqual([fault]);
  });

  test('a reading that fails leaves the object out, and says why', () => {
    expect(readResource(written('IPReservation', { reservedCIDRs: 'all' }))).toEqual({
      ok: false,
      issues: [{ path: 'spec.reservedCIDRs', reason: 'must be a list, not "all"' }],
    });
  });
});
