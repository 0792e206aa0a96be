/**
 * Tunnel devices, as every kernel has them: VXLAN, its forwarding table, and what becomes of both.
 */
import { address } from '@weft/ip';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Change, ForwardingEntry, Kernel } from '../kernel.ts';
import { addAddress, connect, errnos, linkOf, sorted, succeed, type TestMachine } from './test-machine.ts';

const vtepMac = '66:01:02:03:04:05';
const remoteMac = '66:0a:0b:0c:0d:0e';

/** A VXLAN device above an interface. */
function addVxlan(name: string, local: string, parentIndex: number): Extract<Change, { op: 'add-vxlan' }> {
  return {
    op: 'add-vxlan',
    name,
    mac: vtepMac,
    mtuBytes: 1300,
    vxlan: { vni: 4096, port: 4789, local: address(local), parentIndex },
  };
}

/** One part of `describeKernel`. */
export function describeTunnels(machine: () => TestMachine): void {
  describe('tunnels', () => {
    let host: Kernel;
    let parentIndex: number;
    beforeEach(() => {
      host = machine().host;
      parentIndex = connect(host, machine().pod);
    });

    it.each([
      ['vxlan.calico', '10.0.0.1'],
      ['vxlan-v6.calico', 'fd00::1'],
    ])('makes %s with all that was asked for, down, and shows it so', (name, local) => {
      const change = addVxlan(name, local, parentIndex);
      succeed(host, [change]);
      expect(linkOf(host, name)).toMatchObject({
        name,
        mac: vtepMac,
        mtuBytes: 1300,
        type: 'vxlan',
        up: false,
        vxlan: change.vxlan,
      });
      expect(linkOf(host, name).vxlan).not.toHaveProperty('learning');
      expect(host.links().find((link) => link.name === name)?.vxlan).toEqual(change.vxlan);
    });

    it.each([
      ['vxlan.calico', '10.0.0.1'],
      ['vxlan-v6.calico', 'fd00::1'],
    ])('makes %s above no interface, as large as asked for', (name, local) => {
      const { vxlan, ...rest } = addVxlan(name, local, parentIndex);
      const { parentIndex: _, ...bare } = vxlan;
      succeed(host, [{ ...rest, mtuBytes: 8950, vxlan: bare }]);
      expect(linkOf(host, name)).toMatchObject({ mtuBytes: 8950, type: 'vxlan' });
      expect(linkOf(host, name).vxlan).toEqual(bare);
    });

    it('makes no device larger than the interface below carries', () => {
      const ask = (name: string, local: string): Change => ({
        ...addVxlan(name, local, parentIndex),
        mtuBytes: 1400,
      });
      succeed(host, [ask('vxlan.calico', '10.0.0.1'), ask('vxlan-v6.calico', 'fd00::1')]);
      expect([linkOf(host, 'vxlan.calico').mtuBytes, linkOf(host, 'vxlan-v6.calico').mtuBytes]).toEqual([
        1350, 1330,
      ]);
    });

    it('refuses a name that is taken, and a device below that is not there', () => {
      succeed(host, [addVxlan('vxlan.calico', '10.0.0.1', parentIndex)]);
      const changes = [
        addVxlan('vxlan.calico', '10.0.0.1', parentIndex),
        addVxlan('vxlan2', '10.0.0.1', 4711),
      ];
      expect(errnos(host, changes)).toEqual(['EEXIST', 'ENODEV']);
    });

    it('keeps a forwarding table of its own: one host for a MAC, replaced and deleted', () => {
      succeed(host, [addVxlan('vxlan.calico', '10.0.0.1', parentIndex)]);
      const { index } = linkOf(host, 'vxlan.calico');
      const to = (mac: string, remote: string): ForwardingEntry => ({
        interfaceIndex: index,
        mac,
        remote: address(remote),
      });
      const replace = (entry: ForwardingEntry): Change => ({ op: 'replace-forwarding', entry });
      succeed(host, [replace(to(remoteMac, '10.0.0.2')), replace(to(vtepMac, '10.0.0.4'))]);
      succeed(host, [replace(to(remoteMac, '10.0.0.3'))]);
      expect(sorted(host.forwardingEntries(index))).toEqual(
        sorted([to(remoteMac, '10.0.0.3'), to(vtepMac, '10.0.0.4')]),
      );
      expect(host.forwardingEntries(parentIndex)).toEqual([]);
      succeed(host, [{ op: 'delete-forwarding', entry: to(remoteMac, '10.0.0.3') }]);
      expect(host.forwardingEntries(index)).toEqual([to(vtepMac, '10.0.0.4')]);
    });

    it('carries entries for hosts of the outer family, IPv6 too', () => {
      succeed(host, [addVxlan('vxlan-v6.calico', 'fd00::1', parentIndex)]);
      const { index } = linkOf(host, 'vxlan-v6.calico');
      const entry = { interfaceIndex: index, mac: remoteMac, remote: address('fd00::2') };
      succeed(host, [{ op: 'replace-forwarding', entry }]);
      expect(host.forwardingEntries(index)).toEqual([entry]);
    });

    it('refuses entries of a device that is not there', () => {
      const entry = (interfaceIndex: number): Change => ({
        op: 'replace-forwarding',
        entry: { interfaceIndex, mac: remoteMac, remote: address('10.0.0.2') },
      });
      expect(errnos(host, [entry(4711)])).toEqual(['ENODEV']);
    });

    it('keeps neighbours while it is up, and takes everything along when it goes', () => {
      succeed(host, [addVxlan('vxlan.calico', '10.0.0.1', parentIndex)]);
      const { index } = linkOf(host, 'vxlan.calico');
      const neighbour = { interfaceIndex: index, address: address('10.1.0.64'), mac: remoteMac };
      succeed(host, [
        { op: 'set-link', index, up: true },
        addAddress(index, '10.1.0.0', 32),
        { op: 'replace-neighbour', neighbour },
        {
          op: 'replace-forwarding',
          entry: { interfaceIndex: index, mac: remoteMac, remote: address('10.0.0.2') },
        },
      ]);
      expect(host.neighbours()).toContainEqual(neighbour);
      succeed(host, [{ op: 'set-link', index, up: false }]);
      expect(host.neighbours()).not.toContainEqual(neighbour);
      expect(host.forwardingEntries(index)).toHaveLength(1);
      succeed(host, [{ op: 'delete-link', index }]);
      expect(host.link('vxlan.calico')).toBeUndefined();
      expect(host.forwardingEntries(index)).toEqual([]);
    });

    it('says of IPIP, which this kernel does not have, that it has it not (or makes tunl0 where it has)', () => {
      const [result] = host.apply([{ op: 'add-ipip', name: 'tunl0', mtuBytes: 1480 }]);
      // A kernel with IPIP made tunl0 itself as soon as the module was there.
      expect(['EOPNOTSUPP', 'EEXIST', undefined]).toContain(result?.errno);
    });
  });
}
