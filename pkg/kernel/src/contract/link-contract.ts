/**
 * Links, as every kernel has them: veth pairs across namespaces, bridges, names, carrier.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Change, Kernel } from '../kernel.ts';
import {
  addVeth,
  connect,
  errnos,
  hostMac,
  linkOf,
  podMac,
  succeed,
  type TestMachine,
} from './test-machine.ts';

/** One part of `describeKernel`. */
export function describeLinks(machine: () => TestMachine): void {
  describe('links', () => {
    let host: Kernel;
    let pod: Kernel;
    beforeEach(() => {
      ({ host, pod } = machine());
    });

    it('shows only the loopback, down, in a new namespace', () => {
      expect(host.links()).toEqual([
        {
          index: 1,
          name: 'lo',
          mac: '00:00:00:00:00:00',
          mtuBytes: 65536,
          up: false,
          running: false,
          type: '',
        },
      ]);
    });

    it('makes the peer of a veth in the other namespace, with its name, MAC and MTU', () => {
      succeed(host, [addVeth(pod)]);
      const common = { up: false, running: false, type: 'veth' };
      expect(host.link('cali1')).toMatchObject({ ...common, name: 'cali1', mac: hostMac, mtuBytes: 1400 });
      expect(pod.link('eth0')).toMatchObject({ ...common, name: 'eth0', mac: podMac, mtuBytes: 1300 });
      expect([host.link('eth0'), pod.link('cali1')]).toEqual([undefined, undefined]);
      expect(linkOf(host, 'cali1').peerIndex).toBe(linkOf(pod, 'eth0').index);
      expect(linkOf(pod, 'eth0').peerIndex).toBe(linkOf(host, 'cali1').index);
      expect(linkOf(host, 'cali1').peerNetnsId).toBe(host.netnsIdOf(pod.netnsFd));
      expect(linkOf(pod, 'eth0').peerNetnsId).toBe(pod.netnsIdOf(host.netnsFd));
    });

    it('refuses a veth whose name is taken at either end, or too long, and leaves nothing', () => {
      succeed(host, [addVeth(pod), { op: 'add-bridge', name: 'br0' }]);
      const veth = (hostName: string, peerName: string): Change => ({
        op: 'add-veth',
        host: { name: hostName },
        peer: { name: peerName, netnsFd: pod.netnsFd },
      });
      const changes = [veth('br0', 'eth1'), veth('cali2', 'eth0'), veth('sixteen-letters-', 'eth1')];
      expect(errnos(host, changes)).toEqual(['EEXIST', 'EEXIST', 'ERANGE']);
      expect(host.links().map((link) => link.name)).toEqual(['lo', 'cali1', 'br0']);
      expect(pod.links().map((link) => link.name)).toEqual(['lo', 'eth0']);
    });

    it('gives a veth carrier while both ends are up', () => {
      const index = connect(host, pod);
      expect(linkOf(host, 'cali1')).toMatchObject({ up: true, running: true });
      succeed(pod, [{ op: 'set-link', index: linkOf(pod, 'eth0').index, up: false }]);
      expect(linkOf(host, 'cali1')).toMatchObject({ index, up: true, running: false });
    });

    it('deletes both ends of a veth with either', () => {
      succeed(host, [addVeth(pod)]);
      succeed(pod, [{ op: 'delete-link', index: linkOf(pod, 'eth0').index }]);
      expect([host.link('cali1'), pod.link('eth0')]).toEqual([undefined, undefined]);
    });

    it('removes a link on the side, while other changes are made', async () => {
      succeed(host, [addVeth(pod), { op: 'add-bridge', name: 'br0' }]);
      const { index } = linkOf(host, 'cali1');
      const removed = host.removeLink(index);
      succeed(host, [{ op: 'set-link', index: linkOf(host, 'br0').index, up: true }]);
      expect(await removed).toBeNull();
      expect([host.link('cali1'), pod.link('eth0')]).toEqual([undefined, undefined]);
      expect(await host.removeLink(index)).toMatchObject({ errno: 'ENODEV' });
    });

    it('puts a link into a bridge and takes it out', () => {
      succeed(host, [addVeth(pod), { op: 'add-bridge', name: 'br0' }]);
      const bridge = linkOf(host, 'br0');
      const { index } = linkOf(host, 'cali1');
      expect(bridge.type).toBe('bridge');
      succeed(host, [{ op: 'set-link', index, masterIndex: bridge.index }]);
      expect(linkOf(host, 'cali1').masterIndex).toBe(bridge.index);
      succeed(host, [{ op: 'set-link', index, masterIndex: 0 }]);
      expect(linkOf(host, 'cali1')).not.toHaveProperty('masterIndex');
    });

    it('changes name, MTU and MAC of a link in one go', () => {
      succeed(host, [addVeth(pod)]);
      const { index } = linkOf(host, 'cali1');
      succeed(host, [{ op: 'set-link', index, name: 'cali2', mtuBytes: 1200, mac: podMac }]);
      expect(host.link('cali1')).toBeUndefined();
      expect(host.link('cali2')).toMatchObject({ index, mtuBytes: 1200, mac: podMac });
    });

    it('answers ENODEV for a link that is not there, and does not delete the loopback', () => {
      const changes: Change[] = [
        { op: 'set-link', index: 99, up: true },
        { op: 'delete-link', index: 99 },
        { op: 'delete-link', index: 1 },
      ];
      expect(errnos(host, changes)).toEqual(['ENODEV', 'ENODEV', 'EOPNOTSUPP']);
    });

    it('finds no link by a name that no link can have', () => {
      expect([host.link(''), host.link('no-link-has-this-name')]).toEqual([undefined, undefined]);
    });
  });
}
