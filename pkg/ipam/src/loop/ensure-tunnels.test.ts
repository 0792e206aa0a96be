import { DatastoreError } from '@weft/datastore';
import { address, containsAddress, prefix } from '@weft/ip';
import type { IPAMBlock, IPPool, Node } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { type Cluster, cluster, configuration, contents, node, pool } from '../../test/support/fixtures.ts';
import type { Around } from '../../test/support/intercepted-store.ts';
import { tunnelAddressOf } from '../core/tunnels.ts';

const VXLAN = prefix('10.0.0.0/28');
const OTHER = prefix('10.0.1.0/28');
const settings = { wireguardHostEncryption: false };
const encapsulated = () => pool('vxlan', VXLAN, { vxlanMode: 'Always', blockSize: 30 });
const plain = () => pool('plain', OTHER, { blockSize: 30 });

function scene(...more: readonly IPPool[]): Promise<Cluster> {
  return cluster(node('node1'), configuration({ ipCooldownSeconds: 0 }), ...more);
}

async function told(made: Cluster): Promise<Record<string, string>> {
  const resource = (await made.store.get({ kind: 'Node', name: 'node1' })) as Node;
  const tunnels = ['ipip', 'vxlan', 'vxlanV6', 'wireguard', 'wireguardV6'] as const;
  return Object.fromEntries(
    tunnels.flatMap((tunnel) => {
      const has = tunnelAddressOf(tunnel, resource);
      return has === undefined ? [] : [[tunnel, has]];
    }),
  );
}

async function change(made: Cluster, edit: (resource: Node) => Node): Promise<void> {
  await made.store.update(edit((await made.store.get({ kind: 'Node', name: 'node1' })) as Node));
}

const handlesOf = async ({ store }: Cluster) => Object.keys((await contents(store)).handles);

describe('ensureTunnels', () => {
  test('assigns one address from a pool with the encapsulation, with the handle and attributes of calico-node', async () => {
    const made = await scene(encapsulated(), plain());
    await made.ipam.ensureTunnels('node1', settings);
    const { vxlan, ...others } = await told(made);
    expect(containsAddress(VXLAN, address(vxlan as string))).toBe(true);
    expect(others).toEqual({});
    expect(await handlesOf(made)).toEqual(['vxlan-tunnel-addr-node1']);
    const [block] = (await made.store.list('IPAMBlock')).items as IPAMBlock[];
    expect(block?.spec.attributes).toEqual([
      { handle_id: 'vxlan-tunnel-addr-node1', secondary: { node: 'node1', type: 'vxlanTunnelAddress' } },
    ]);
  });

  test('changes nothing a second time', async () => {
    const made = await scene(encapsulated());
    await made.ipam.ensureTunnels('node1', settings);
    const calls = await made.callsOf((ipam) => ipam.ensureTunnels('node1', settings));
    expect(calls.filter((call) => !/^(get|list)/.test(call))).toEqual([]);
  });

  test.each([
    ['the pool loses its encapsulation', { vxlanMode: 'Never' as const }],
    ['the pool no longer selects the node', { nodeSelector: 'has(nothing)' }],
    ['the pool is not for tunnels any more', { allowedUses: ['Workload' as const] }],
    ['the pool is disabled', { disabled: true }],
  ])('takes the address back and clears the Node when %s', async (_, spec) => {
    const made = await scene(encapsulated());
    await made.ipam.ensureTunnels('node1', settings);
    const [before] = (await made.store.list('IPPool')).items;
    if (before) await made.store.update({ ...before, spec: { ...before.spec, ...spec } });
    await made.ipam.ensureTunnels('node1', settings);
    expect(await told(made)).toEqual({});
    expect(await handlesOf(made)).toEqual([]);
  });

  test('moves to another pool when the address lies in none of the tunnel any more', async () => {
    const made = await scene(encapsulated(), plain());
    await made.ipam.ensureTunnels('node1', settings);
    const [plainPool, vxlanPool] = (await made.store.list('IPPool')).items;
    if (vxlanPool) await made.store.update({ ...vxlanPool, spec: { ...vxlanPool.spec, vxlanMode: 'Never' } });
    if (plainPool)
      await made.store.update({ ...plainPool, spec: { ...plainPool.spec, vxlanMode: 'CrossSubnet' } });
    await made.ipam.ensureTunnels('node1', settings);
    expect(containsAddress(OTHER, address((await told(made)).vxlan as string))).toBe(true);
    expect(Object.values((await contents(made.store)).handles)).toHaveLength(1);
  });

  test('writes the address down again when somebody edits it out of the Node, and leaks none', async () => {
    const made = await scene(encapsulated());
    await made.ipam.ensureTunnels('node1', settings);
    const before = await told(made);
    await change(made, (resource) => ({ ...resource, spec: {} }));
    await made.ipam.ensureTunnels('node1', settings);
    expect(await told(made)).toEqual(before);
  });

  test('takes another address when a pod has the one the Node tells, and leaves that pod alone', async () => {
    const made = await scene(encapsulated());
    const taken = address('10.0.0.1');
    await made.ipam.assignIp({ address: taken, node: 'node1', handle: 'pod' });
    await change(made, (resource) => ({ ...resource, spec: { ipv4VXLANTunnelAddr: taken } }));
    await made.ipam.ensureTunnels('node1', settings);
    expect((await told(made)).vxlan).not.toBe(taken);
    expect((await handlesOf(made)).toSorted()).toEqual(['pod', 'vxlan-tunnel-addr-node1']);
  });

  test('gives an address from before tunnels had handles its handle, keeping it', async () => {
    const made = await scene(encapsulated());
    const old = address('10.0.0.1');
    await made.ipam.assignIp({ address: old, node: 'node1', handle: 'x' });
    const [block] = (await made.store.list('IPAMBlock')).items;
    if (block)
      await made.store.update({ ...block, spec: { ...block.spec, attributes: [{ secondary: {} }] } });
    await made.store.delete({ kind: 'IPAMHandle', name: 'x' });
    await change(made, (resource) => ({ ...resource, spec: { ipv4VXLANTunnelAddr: old } }));
    await made.ipam.ensureTunnels('node1', settings);
    expect(await told(made)).toEqual({ vxlan: old });
    expect(await handlesOf(made)).toEqual(['vxlan-tunnel-addr-node1']);
  });

  test('WireGuard has an address once the node has published a key, unless it uses the address of the host', async () => {
    const made = await scene(plain());
    await change(made, (resource) => ({ ...resource, status: { wireguardPublicKey: 'key' } }));
    await made.ipam.ensureTunnels('node1', { wireguardHostEncryption: true });
    expect(await told(made)).toEqual({});
    await made.ipam.ensureTunnels('node1', settings);
    expect(Object.keys(await told(made))).toEqual(['wireguard']);
  });

  test('IPv6 tunnels take IPv6 addresses, and the IPIP address stands under bgp', async () => {
    const six = pool('six', 'fd00::/120', { vxlanMode: 'Always' });
    const made = await scene(six, pool('four', VXLAN, { ipipMode: 'Always', blockSize: 30 }));
    await made.ipam.ensureTunnels('node1', settings);
    expect(Object.keys(await told(made))).toEqual(['ipip', 'vxlanV6']);
    expect((await made.store.get({ kind: 'Node', name: 'node1' }))?.spec.bgp?.ipv4IPIPTunnelAddr).toMatch(
      /^10\./,
    );
  });

  test('cut off after any call, it is finished by the next look, and the node holds one address', async () => {
    for (let place = 0; ; place++) {
      const made = await scene(encapsulated());
      let calls = 0;
      const cut: Around = async (_, perform) => {
        if (calls++ > place) throw new DatastoreError('unavailable', 'cut off');
        return perform();
      };
      const ended = await made
        .allocator(cut)
        .ensureTunnels('node1', settings)
        .then(
          () => true,
          () => false,
        );
      await made.ipam.ensureTunnels('node1', settings);
      const held = Object.values((await contents(made.store)).handles).flatMap((blocks) =>
        Object.values(blocks),
      );
      expect([place, held, Object.keys(await told(made))]).toEqual([place, [1], ['vxlan']]);
      if (ended) return;
    }
  });

  test('says why there is none', async () => {
    const none = configuration({ strictAffinity: true, autoAllocateBlocks: false });
    const made = await cluster(node('node1'), none, encapsulated());
    const outcome = await made.ipam.ensureTunnels('node1', settings);
    expect(outcome).toMatchObject({ kind: 'settled' });
    const refused =
      outcome.kind === 'settled' ? outcome.tunnels.find(({ tunnel }) => tunnel === 'vxlan') : undefined;
    expect(refused).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('autoAllocateBlocks is false'),
    });
    expect(await made.ipam.ensureTunnels('nobody', settings)).toMatchObject({ kind: 'node-missing' });
  });
});
