/**
 * What hangs on a link, in every kernel: addresses, permanent neighbours, sysctls.
 */
import { address } from '@weft/ip';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Change, Kernel } from '../kernel.ts';
import {
  addAddress,
  addVeth,
  errnos,
  hostMac,
  linkOf,
  mainRoutes,
  podMac,
  sorted,
  succeed,
  type TestMachine,
} from './test-machine.ts';

/** One part of `describeKernel`. */
export function describeAddresses(machine: () => TestMachine): void {
  describe('addresses', () => {
    let host: Kernel;
    let pod: Kernel;
    beforeEach(() => {
      ({ host, pod } = machine());
    });

    it('adds and deletes addresses, once each', () => {
      succeed(host, [addVeth(pod)]);
      const { index } = linkOf(host, 'cali1');
      const add = [addAddress(index, '10.0.0.1', 32), addAddress(index, 'fd00::1', 128)];
      expect(errnos(host, [...add, ...add])).toEqual([null, null, 'EEXIST', 'EEXIST']);
      expect(host.addresses()).toEqual([
        { interfaceIndex: index, address: '10.0.0.1', prefixLength: 32, scope: 'global' },
        { interfaceIndex: index, address: 'fd00::1', prefixLength: 128, scope: 'global' },
      ]);
      const remove = add.map((change) => ({ ...change, op: 'delete-address' }) as Change);
      expect(errnos(host, [...remove, ...remove])).toEqual([null, null, 'EADDRNOTAVAIL', 'EADDRNOTAVAIL']);
      expect(host.addresses()).toEqual([]);
    });

    it('refuses an address on a link that is not there with ENODEV', () => {
      expect(errnos(host, [addAddress(99, '10.0.0.1', 32)])).toEqual(['ENODEV']);
    });

    it('has connected routes while the link is up, and none for an IPv4 /32', () => {
      succeed(host, [addVeth(pod)]);
      const { index } = linkOf(host, 'cali1');
      succeed(host, [addAddress(index, '10.0.0.1', 24), addAddress(index, '10.9.0.1', 32)]);
      expect(mainRoutes(host)).toEqual([]);
      succeed(host, [{ op: 'set-link', index, up: true }]);
      expect(mainRoutes(host)).toMatchObject([
        { destination: '10.0.0.0/24', protocol: 2, metric: 0, scope: 'link', preferredSource: '10.0.0.1' },
      ]);
      succeed(host, [{ op: 'delete-address', address: addAddress(index, '10.0.0.1', 24).address }]);
      expect(mainRoutes(host)).toEqual([]);
    });
  });

  describe('neighbours', () => {
    let host: Kernel;
    let pod: Kernel;
    beforeEach(() => {
      ({ host, pod } = machine());
    });

    it('writes permanent entries over each other and deletes them once', () => {
      succeed(host, [addVeth(pod)]);
      const { index } = linkOf(host, 'cali1');
      succeed(host, [{ op: 'set-link', index, up: true }]);
      const neighbours = ['10.0.0.2', 'fd00::2'].map((text) => ({
        interfaceIndex: index,
        address: address(text),
        mac: podMac,
      }));
      for (const mac of [hostMac, podMac])
        succeed(
          host,
          neighbours.map(
            (neighbour): Change => ({ op: 'replace-neighbour', neighbour: { ...neighbour, mac } }),
          ),
        );
      expect(sorted(host.neighbours())).toEqual(sorted(neighbours));
      const remove = neighbours.map((neighbour): Change => ({ op: 'delete-neighbour', neighbour }));
      expect(errnos(host, [...remove, ...remove])).toEqual([null, null, 'ENOENT', 'ENOENT']);
      expect(host.neighbours()).toEqual([]);
    });

    it('go when their link goes down, and with the link', () => {
      succeed(host, [addVeth(pod)]);
      const { index } = linkOf(host, 'cali1');
      const neighbour = { interfaceIndex: index, address: address('10.0.0.2'), mac: podMac };
      const write: Change = { op: 'replace-neighbour', neighbour };
      succeed(host, [{ op: 'set-link', index, up: true }, write]);
      succeed(host, [{ op: 'set-link', index, up: false }]);
      expect(host.neighbours()).toEqual([]);
      succeed(host, [write]);
      expect(host.neighbours()).toEqual([neighbour]);
      succeed(host, [{ op: 'delete-link', index }]);
      expect(host.neighbours()).toEqual([]);
    });

    it('answers ENODEV for a link that is not there', () => {
      const neighbour = { interfaceIndex: 99, address: address('10.0.0.2'), mac: podMac };
      const changes: Change[] = [
        { op: 'replace-neighbour', neighbour },
        { op: 'delete-neighbour', neighbour },
      ];
      expect(errnos(host, changes)).toEqual(['ENODEV', 'ENODEV']);
    });
  });

  describe('sysctls', () => {
    let host: Kernel;
    let pod: Kernel;
    beforeEach(() => {
      ({ host, pod } = machine());
    });

    it('belong to the namespace, and keep their place among other changes', () => {
      const key = 'net/ipv4/conf/cali1/proxy_arp';
      const write: Change = { op: 'write-sysctl', key, value: '1' };
      expect(errnos(host, [write, addVeth(pod), write])).toEqual(['ENOENT', null, null]);
      expect([host.readSysctl(key), pod.readSysctl(key)]).toEqual(['1', undefined]);
      expect(host.writeSysctl(key, '0')).toBeNull();
      expect(host.readSysctl(key)).toBe('0');
    });

    it('answers ENOENT for a key that does not exist', () => {
      const key = 'net/ipv4/conf/nothing/proxy_arp';
      expect([host.writeSysctl(key, '1'), host.readSysctl(key)]).toEqual([{ errno: 'ENOENT' }, undefined]);
    });
  });
}
