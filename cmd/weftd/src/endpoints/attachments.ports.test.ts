/** Ports of the host that containers publish. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { DatastoreError } from '@weft/datastore';
import { beforeEach, describe, expect, it } from 'vitest';
import { nothing, one, request, TestNode } from '../../test/test-node.ts';
import type { Attachments } from './attachments.ts';

let node: TestNode;
let attachments: Attachments;
beforeEach(async () => {
  node = await TestNode.withPool('10.0.0.0/24');
  attachments = node.attachments();
});

describe('published ports', () => {
  const web = { ...request, ports: [{ protocol: 'tcp', hostPort: 28_080, containerPort: 80 }] } as const;
  const other = { ...web, containerId: 'c2', workload: 'other', netns: '/run/netns/c2' };
  beforeEach(() => {
    node.kernel.addNetns('/run/netns/c2');
  });
  const conflict = {
    kind: 'refused',
    code: 'conflict',
    message: 'port 28080/tcp of the host is published by a',
    object: 'b',
  };

  it('are kept in the record', async () => {
    await attachments.attach('a', web);
    const [record] = (await node.store.list('WorkloadEndpoint')).items;
    expect(JSON.parse(record?.metadata.annotations?.['weft.dev/ports'] ?? '')).toEqual(web.ports);
  });

  it('belong to one endpoint: the second is refused and leaves nothing', async () => {
    await attachments.attach('a', web);
    expect(await attachments.attach('b', other)).toMatchObject(conflict);
    expect(await node.everything()).toEqual(one);
  });

  it('belong to the first of two that ask at once', async () => {
    const [first, second] = await Promise.all([attachments.attach('a', web), attachments.attach('b', other)]);
    expect([first.kind, second]).toEqual(['attached', expect.objectContaining(conflict)]);
  });

  it('stay with their endpoint when the daemon starts again', async () => {
    await attachments.attach('a', web);
    const restarted = node.attachments();
    await restarted.load();
    expect(await restarted.attach('b', other)).toMatchObject(conflict);
  });

  it('are free again after a detach and after an attach that failed', async () => {
    await attachments.attach('a', web);
    await attachments.detach('a');
    const failed = await attachments.attach('c', { ...web, netns: '/run/netns/none' });
    expect(failed).toMatchObject({ code: 'not-found', object: '/run/netns/none' });
    expect((await attachments.attach('b', other)).kind).toBe('attached');
  });

  it('that cannot be published refuse the attach, which leaves nothing', async () => {
    node.portsFailure = 'there is no program nft';
    const refused = await attachments.attach('a', web);
    expect(refused).toMatchObject({ code: 'internal', message: expect.stringContaining(node.portsFailure) });
    expect(await node.everything()).toEqual(nothing);
    expect((await attachments.attach('b', { ...request, containerId: 'c1' })).kind).toBe('attached');
  });

  it('that cannot be published stay with their endpoint while it cannot be taken out', async () => {
    node.portsFailure = 'there is no program nft';
    const stuck = node.attachments(node.failingOn('delete'));
    await expect(stuck.attach('a', web)).rejects.toThrow(DatastoreError);
    expect(await stuck.attach('b', other)).toMatchObject(conflict);
    expect(await stuck.attach('a', web)).toMatchObject({
      message: expect.stringContaining(node.portsFailure),
    });
    node.portsFailure = undefined;
    expect((await stuck.attach('a', web)).kind).toBe('already-attached');
  });

  it('need an address of their family', async () => {
    for (const hostAddress of ['::1', 'fd00::1']) {
      const ports = [{ ...web.ports[0], hostAddress }];
      expect(await attachments.attach('a', { ...web, ports })).toMatchObject({ code: 'invalid-request' });
    }
    const all = [{ ...web.ports[0], hostAddress: '::' }];
    expect((await attachments.attach('a', { ...web, ports: all })).kind).toBe('attached');
  });

  it('are left to a program of the host that listens there', async () => {
    const server = createServer().listen(28_080, '127.0.0.1');
    await once(server, 'listening');
    const refused = await attachments.attach('a', web);
    server.close();
    await once(server, 'close');
    expect(refused).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('a program of the host'),
    });
    expect(await node.everything()).toEqual(nothing);
    expect((await attachments.attach('a', web)).kind).toBe('attached');
  });

  it('are named once', async () => {
    const ports = [...web.ports, { ...web.ports[0], hostAddress: '10.0.0.1' }];
    expect(await attachments.attach('a', { ...web, ports })).toMatchObject({ code: 'invalid-request' });
  });
});
