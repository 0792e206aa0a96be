import { type AttachRequest, isRefusal } from '@weft/control';
import { type Address, address } from '@weft/ip';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestNode } from '../../test/test-node.ts';
import type { Attachments } from './attachments.ts';
import { UNUSED_HOLD_MS } from './held-addresses.ts';

let node: TestNode;
let attachments: Attachments;
beforeEach(async () => {
  node = await TestNode.withPool('10.0.0.0/16');
  attachments = node.attachments();
});

async function restarted(): Promise<Attachments> {
  const next = node.attachments();
  await next.load();
  return next;
}

async function hold(id: string, wanted: object = {}): Promise<Address> {
  const held = await attachments.held.hold(id, { family: 'ipv4', ...wanted });
  if (isRefusal(held)) throw new Error(held.message);
  return address(held.address);
}

const endpoint = 'e0'.repeat(32);
const request = (held: Address): AttachRequest => ({
  containerId: endpoint,
  interfaceName: 'tmpe0e0e0e0e0e',
  orchestrator: 'libnetwork',
  families: ['ipv4'],
  addresses: [held],
  heldAddresses: true,
});

const holders = async (): Promise<number> => (await node.store.list('IPAMHandle')).items.length;

describe('an address held for Docker', () => {
  it('is the same when it is asked for again under the same id, also of the next weftd', async () => {
    const held = await hold('a');
    const again = { kind: 'already-held', id: 'a', address: held };
    expect(await attachments.held.hold('a', { family: 'ipv4' })).toEqual(again);
    expect(await (await restarted()).held.hold('a', { family: 'ipv4' })).toEqual(again);
    expect(await hold('b')).not.toBe(held);
  });

  it('asked for twice at once under one id is one', async () => {
    const [first, second] = await Promise.all([hold('a'), hold('a')]);
    expect(first).toBe(second);
    expect(await holders()).toBe(1);
  });

  it('comes from the part of the pool that is asked for, or is exactly the one', async () => {
    expect(await hold('a', { pools: ['10.0.77.0/24'] })).toMatch(/^10\.0\.77\./);
    expect(await hold('b', { address: '10.0.9.9' })).toBe('10.0.9.9');
    expect(await attachments.held.hold('c', { family: 'ipv4', address: '10.0.9.9' })).toMatchObject({
      code: 'no-address',
    });
    expect(await attachments.held.hold('d', { family: 'ipv6', address: '10.0.9.8' })).toMatchObject({
      code: 'invalid-request',
    });
    expect(await holders()).toBe(2);
  });

  it('is free after its release, which may be repeated', async () => {
    const held = await hold('a');
    expect(await attachments.held.release(held)).toEqual({ kind: 'released', address: held });
    expect(await attachments.held.release(held)).toEqual({ kind: 'not-held', address: held });
    expect(await attachments.held.release(address('0.0.0.0'))).toMatchObject({ kind: 'not-held' });
    expect(await holders()).toBe(0);
  });

  it('is not released for another node, nor when a container of another kind has it', async () => {
    const held = await hold('a');
    const other = node.attachments(node.store, 'node2');
    await other.load();
    expect(await other.held.release(held)).toMatchObject({ kind: 'not-held' });
    const pod = { containerId: 'c1', netns: '/run/netns/c1', interfaceName: 'eth0', orchestrator: 'cni' };
    const attached = await attachments.attach('c1', { ...pod, workload: 'c1', families: ['ipv4'] });
    if (isRefusal(attached)) throw new Error(attached.message);
    const its = address(attached.addresses[0]?.replace('/32', '') ?? '');
    expect(await attachments.held.release(its)).toMatchObject({ kind: 'not-held' });
    expect(await holders()).toBe(2);
  });
});

describe('an endpoint with held addresses', () => {
  it('is made on the host, and leaves the address held when it goes', async () => {
    const held = await hold('a');
    const attached = await attachments.attach('e', request(held));
    expect(attached).toMatchObject({
      kind: 'attached',
      addresses: [`${held}/32`],
      hostInterface: 'calie0e0e0e0e0e',
    });
    expect(node.interfaces()).toEqual(['calie0e0e0e0e0e', 'tmpe0e0e0e0e0e']);
    expect(await attachments.held.release(held)).toMatchObject({ code: 'conflict' });
    expect((await attachments.detach('e')).kind).toBe('detached');
    expect(node.interfaces()).toEqual([]);
    expect(await holders()).toBe(1);
    expect(await attachments.held.release(held)).toMatchObject({ kind: 'released' });
  });

  it('is put in order again when its interface was moved, also by the next weftd', async () => {
    const held = await hold('a');
    const attached = await attachments.attach('e', request(held));
    if (isRefusal(attached)) throw new Error(attached.message);
    const next = await restarted();
    expect(await next.attach('e', request(held))).toMatchObject({
      kind: 'already-attached',
      mac: attached.mac,
    });
    expect(await next.held.release(held)).toMatchObject({ code: 'conflict' });
    expect(await next.reclaim([])).toEqual([]);
  });

  it('is refused, and nothing made, for an address that is not held or is the address of another endpoint', async () => {
    expect(await attachments.attach('e', request(address('10.0.0.9')))).toMatchObject({ code: 'conflict' });
    const held = await hold('a');
    await attachments.attach('e', request(held));
    const other = { ...request(held), containerId: 'f0'.repeat(32), interfaceName: 'tmpf0' };
    expect(await attachments.attach('f', other)).toMatchObject({ code: 'conflict', object: 'f' });
    expect(node.interfaces()).toHaveLength(2);
  });

  it('that cannot be made leaves the address held and free to be used', async () => {
    const held = await hold('a');
    node.kernel.failNext('add-veth', 'EPERM');
    expect(await attachments.attach('e', request(held))).toMatchObject({ code: 'internal' });
    expect((await attachments.attach('e', request(held))).kind).toBe('attached');
  });
});

describe('a held address that nobody uses', () => {
  it('comes back after a while: whoever asked for it has died before it made an endpoint', async () => {
    const held = await hold('a');
    node.now += UNUSED_HOLD_MS - 1;
    expect(await attachments.held.reclaim()).toEqual([]);
    node.now += 1;
    expect(await attachments.held.reclaim()).toEqual([held]);
    expect(await holders()).toBe(0);
  });

  it('is kept for the whole time again after a start of weftd, and while an endpoint has it', async () => {
    const held = await hold('a');
    const used = await hold('b');
    await attachments.attach('e', request(used));
    node.now += UNUSED_HOLD_MS;
    const next = await restarted();
    expect(await next.held.reclaim()).toEqual([]);
    node.now += UNUSED_HOLD_MS;
    expect(await next.held.reclaim()).toEqual([held]);
    await next.detach('e');
    node.now += UNUSED_HOLD_MS;
    expect(await next.held.reclaim()).toEqual([used]);
  });
});
