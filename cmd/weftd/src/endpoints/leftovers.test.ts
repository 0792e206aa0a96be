import { isRefusal } from '@weft/control';
import { createLogger } from '@weft/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestNode } from '../../test/test-node.ts';
import type { Attachments } from './attachments.ts';
import { UNUSED_HOLD_MS } from './held-addresses.ts';
import { Leftovers } from './leftovers.ts';

let node: TestNode;
let attachments: Attachments;
let leftovers: Leftovers;
beforeEach(async () => {
  node = await TestNode.withPool('10.0.0.0/16');
  attachments = node.attachments();
  const log = createLogger({ name: 'test', level: 'error' });
  const { kernel } = node;
  leftovers = new Leftovers({ attachments, kernel, log, now: () => node.now, mayWrite: () => true });
});

/** An endpoint of Docker; with a namespace as if dockerd had moved its interface there. */
async function endpoint(id: string, netns?: string): Promise<void> {
  const held = await attachments.held.hold(id, { family: 'ipv4' });
  if (isRefusal(held)) throw new Error(held.message);
  const attached = await attachments.attach(id, {
    containerId: `${id}${'0'.repeat(60)}`,
    interfaceName: `tmp${id}`,
    orchestrator: 'libnetwork',
    families: ['ipv4'],
    addresses: [held.address],
    heldAddresses: true,
    ...(netns === undefined ? {} : { netns }),
  });
  if (isRefusal(attached)) throw new Error(attached.message);
}

const endpoints = (): string[] => attachments.list().map(({ id }) => id);
const handles = async (): Promise<number> => (await node.store.list('IPAMHandle')).items.length;

describe('an endpoint of Docker whose interface is in no container', () => {
  it('goes after a while, and its address after as long again', async () => {
    node.kernel.addNetns('/run/netns/c1');
    await endpoint('a1', '/run/netns/c1');
    await endpoint('b2');
    await leftovers.sweep();
    node.now += UNUSED_HOLD_MS - 1;
    await leftovers.sweep();
    expect(endpoints()).toEqual(['a1', 'b2']);
    node.now += 1;
    await leftovers.sweep();
    expect(endpoints()).toEqual(['a1']);
    expect(await handles()).toBe(2);
    node.now += UNUSED_HOLD_MS;
    await leftovers.sweep();
    expect(await handles()).toBe(1);
    expect(endpoints()).toEqual(['a1']);
  });

  it('goes too when the interface went with its namespace', async () => {
    await endpoint('b2');
    const link = node.kernel.links().find(({ name }) => name.startsWith('cali'));
    node.kernel.apply([{ op: 'delete-link', index: link?.index ?? 0 }]);
    await leftovers.sweep();
    node.now += UNUSED_HOLD_MS;
    await leftovers.sweep();
    expect(endpoints()).toEqual([]);
  });

  it('stays when dockerd moves the interface in time', async () => {
    await endpoint('b2');
    await leftovers.sweep();
    await attachments.detach('b2');
    node.kernel.addNetns('/run/netns/c1');
    await attachments.attach('b2', {
      containerId: `b2${'0'.repeat(60)}`,
      interfaceName: 'tmpb2',
      orchestrator: 'libnetwork',
      families: ['ipv4'],
      netns: '/run/netns/c1',
    });
    node.now += UNUSED_HOLD_MS;
    await leftovers.sweep();
    expect(endpoints()).toEqual(['b2']);
  });
});
