/**
 * What a controller takes back from a cluster, and what it leaves: on an API server that fails and forgets.
 */
import { tunnelAttributes, tunnelHandle } from '@weft/ipam';
import { apiVersion } from '@weft/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.set();
});
afterEach(() => stage.strike());

describe('the leader', () => {
  it('takes back the address of a Pod that went without a CNI DEL, and tells so', async () => {
    await stage.runPod('stays', 'node1');
    const leaked = await stage.runPod('goes', 'node1');
    const controller = await stage.control();
    await controller.looked();
    stage.removePod('goes');
    await stage.untilHeld('stays');
    expect(await controller.saw('leak-released')).toMatchObject({
      address: leaked,
      handle: 'k8s-pod-network.goes',
      heldFor: 'shop/goes',
      reason: 'workload-gone',
    });
    const { text } = await controller.ask('/metrics');
    expect(text).toContain('ipam_allocations_gc_reclamations{ippool="pods",node="node1"} 1');
    expect(text).toContain('ipam_allocations_in_use{ippool="pods",node="node1"} 1');
    expect(text).toContain('ipam_ippool_size{ippool="pods"} 256');
    expect(text).toContain('\nweft_controller_leader 1\n');
    expect((await controller.ask('/readiness')).status).toBe(200);
    expect((await stage.store.list('IPAMHandle')).items.map(({ spec }) => spec.handleID)).toEqual([
      'k8s-pod-network.stays',
    ]);
  });

  it('takes all from a node that is gone: Pods, tunnels, blocks', async () => {
    await stage.runPod('stays', 'node1');
    await stage.runPod('lost', 'node2');
    await stage.ipam.autoAssign({
      node: 'node2',
      handle: tunnelHandle('ipip', 'node2'),
      attributes: tunnelAttributes('ipip', 'node2'),
      num4: 1,
      intendedUse: 'Tunnel',
    });
    const controller = await stage.control({ leakGraceMs: 600_000 });
    await controller.saw('looked');
    stage.removeNode('node2');
    await stage.untilHeld('ipipTunnelAddress', 'lost', 'stays');
    stage.removePod('lost');
    await stage.untilHeld('stays');
    await controller.saw('node-released');
    expect(Object.values((await stage.held()).blocks)).toEqual(['host:node1']);
    expect((await stage.store.list('BlockAffinity')).items.map(({ spec }) => spec.node)).toEqual(['node1']);
  });

  it('gives up an empty block of a node that has another one, and never the last', async () => {
    for (const [cidr, node] of [
      ['10.1.0.0/28', 'node1'],
      ['10.1.0.16/28', 'node1'],
      ['10.1.0.32/28', 'node2'],
    ] as const)
      await stage.claim(cidr, node);
    const controller = await stage.control();
    await controller.saw('block-released');
    await controller.looked(3);
    expect((await stage.held()).blocks).toEqual({
      '10.1.0.0/28': 'host:node1',
      '10.1.0.32/28': 'host:node2',
    });
  });

  it('leaves what is held for others than Pods, and Pods whose addresses nobody knows yet', async () => {
    const attributes = { node: 'node1', workload: 'db' };
    await stage.ipam.autoAssign({
      node: 'node1',
      handle: 'weft.node1.db',
      attributes,
      num4: 1,
      intendedUse: 'Workload',
    });
    stage.putPod('starts', 'node1');
    await stage.assign('starts', 'node1');
    await stage.assign('leaked', 'node1');
    await stage.control();
    await stage.untilHeld('db', 'starts');
  });

  it('takes back nothing on its own account with a grace period of 0', async () => {
    await stage.assign('leaked', 'node1');
    const controller = await stage.control({ leakGraceMs: 0 });
    await controller.looked(3);
    expect((await stage.held()).pods).toEqual(['leaked']);
  });
});

describe('nothing is taken back', () => {
  it.each([
    ['Pods', /GET \/api\/v1\/pods\?/],
    ['Nodes', /GET \/api\/v1\/nodes\?/],
    ['blocks', /GET .*ipamblocks\?/],
  ])('before %s could be listed, whose access is named, and then it is', async (_, list) => {
    await stage.assignOnDeadNode('leaked');
    await stage.runPod('lives', 'node1');
    stage.server.fail(list, { kind: 'status', status: 403 });
    const from = stage.server.requests.length;
    const controller = await stage.control();
    const { msg } = await controller.saw('cluster-not-followed');
    expect(msg).toMatch(/RBAC does not allow to list (pods|nodes|ipamblocks.crd.projectcalico.org) \(403\)/);
    expect((await controller.ask('/readiness')).status).toBe(503);
    const writes = stage.server.requests
      .slice(from)
      .filter((line) => /^(PUT|PATCH|DELETE) .*ipam/.test(line));
    expect(writes).toEqual([]);
    stage.server.heal();
    await stage.untilHeld('lives');
  });

  it('before Nodes were listed, however long that takes', async () => {
    stage.server.fail(/GET \/api\/v1\/nodes\?/, { kind: 'hang' });
    const controller = await stage.control();
    expect((await controller.saw('look-skipped')).msg).toContain('are being read');
    expect([controller.looks, (await controller.ask('/readiness')).status]).toEqual([0, 503]);
  });

  it('from a Pod or a node that the watches have not told of, since both are asked for again', async () => {
    const controller = await stage.control();
    await controller.looked();
    // Blocks are told of, Pods and Nodes are not.
    stage.server.fail(/\/(pods|nodes)\?.*watch=true/, { kind: 'hang' });
    stage.server.endWatches();
    stage.addNode('node3');
    await stage.runPod('new', 'node3');
    await stage.runPod('newer', 'node1');
    const from = controller.looks;
    await stage.assign('leaked', 'node1');
    await stage.untilHeld('new', 'newer');
    await controller.looked(3);
    expect(controller.looks).toBeGreaterThan(from);
    expect((await stage.held()).pods).toEqual(['new', 'newer']);
  });

  it('while the API server does not say whether the Pod is gone', async () => {
    await stage.assign('leaked', 'node1');
    stage.server.fail(/GET .*\/namespaces\/shop\/pods\/leaked/, { kind: 'status', status: 403 });
    const controller = await stage.control();
    await controller.looked(5);
    expect((await stage.held()).pods).toEqual(['leaked']);
    stage.server.heal();
    await stage.untilHeld();
  });

  it('while the datastore is locked', async () => {
    const key = { kind: 'ClusterInformation', name: 'default' } as const;
    await stage.store.create({
      apiVersion,
      kind: key.kind,
      metadata: { name: key.name },
      spec: { datastoreReady: false },
    });
    await stage.assignOnDeadNode('leaked');
    const controller = await stage.control();
    await controller.saw('look-skipped', controller.lines.length);
    expect((await controller.ask('/readiness')).text).toContain('the datastore is locked');
    expect((await stage.held()).pods).toEqual(['leaked']);
    const locked = await stage.store.get(key);
    if (!locked) throw new Error('it is there');
    await stage.store.update({ ...locked, spec: { datastoreReady: true } });
    await stage.untilHeld();
  });
});

describe('a release gets through', () => {
  it.each([
    ['conflicts', { kind: 'status', status: 409 }],
    ['failures', { kind: 'status', status: 500 }],
    ['lost answers', { kind: 'lose-answer' }],
    ['cut connections', { kind: 'cut' }],
  ] as const)('%s of its writes', async (_, fault) => {
    await stage.runPod('lives', 'node1');
    await stage.assign('leaked', 'node1');
    stage.server.fail(/(PUT|DELETE) .*ipam(blocks|handles)/, fault, 2);
    await stage.control();
    await stage.untilHeld('lives');
  });

  it('watches that break, end and forget', async () => {
    const controller = await stage.control();
    await controller.looked();
    await stage.runPod('lives', 'node1');
    stage.server.cutConnections();
    await stage.assign('leaked', 'node1');
    stage.server.goneAs = 'event';
    await stage.server.kill();
    stage.server.compact();
    await stage.server.start();
    await stage.untilHeld('lives');
  });
});
