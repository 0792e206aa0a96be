import { type ControlServer, startControlServer } from '@weft/control';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeBackend, fakeBackend } from '../../../../pkg/control/test/fake-backend.ts';
import { Workbench } from '../../test/run.ts';
import { type AttachOptions, attach, detach } from './attach.ts';

let workbench: Workbench;
let daemon: ControlServer;
let backend: FakeBackend;

beforeEach(async () => {
  workbench = new Workbench();
  const pool = { blockSize: 26, family: 'ipv4' as const };
  const items = [
    { ...pool, name: 'far', cidr: '10.1.0.0/16', notAutomatic: 'does not select n1' },
    { ...pool, name: 'near', cidr: '10.0.0.0/16' },
    { ...pool, name: 'six', cidr: 'fd00::/64', family: 'ipv6' as const },
  ];
  backend = fakeBackend({ pools: () => ({ items, total: items.length }) });
  daemon = await startControlServer({ backend, socketPath: workbench.path('weftd.sock') });
});

afterEach(async () => {
  await daemon.close();
  workbench.remove();
});

function options(more: Partial<AttachOptions>): AttachOptions {
  return { socket: workbench.path('weftd.sock'), interface: 'eth0', output: 'ps', ...more };
}

describe('attach', () => {
  test('asks for an address of each family that the node has pools for', async () => {
    const { text } = await attach(undefined, options({ netns: '/run/netns/x' }));
    expect(text).toBe('Attached netns.run.netns.x.eth0: 10.0.0.5/32, cali0123456789a on the host');
    expect(backend.attached.get('netns.run.netns.x.eth0')).toEqual({
      containerId: 'netns.run.netns.x',
      netns: '/run/netns/x',
      interfaceName: 'eth0',
      orchestrator: 'weftctl',
      workload: 'netns.run.netns.x',
      families: ['ipv4', 'ipv6'],
    });
  });

  test.each<[string, Partial<AttachOptions>, object]>([
    ['of a pool', { pool: ['far'] }, { families: ['ipv4'], pools4: ['far'] }],
    [
      'of a pool of each family',
      { pool: ['six', '10.0.4.0/24'] },
      { families: ['ipv4', 'ipv6'], pools4: ['10.0.4.0/24'], pools6: ['six'] },
    ],
    ['by name', { ip: ['fd00::5'] }, { families: ['ipv6'], addresses: ['fd00::5'] }],
  ])('asks for addresses %s', async (_, more, expected) => {
    await attach(undefined, options({ pid: '42', interface: 'eth1', ...more }));
    const asked = backend.attached.get('pid.42.eth1');
    expect(asked).toMatchObject({ netns: '/proc/42/ns/net', ...expected });
  });

  test.each<[string, Partial<AttachOptions>, RegExp]>([
    ['no namespace', {}, /No network namespace is named/],
    ['two namespaces', { netns: '/x', pid: '1' }, /More than one/],
    ['a path that begins nowhere', { netns: 'x' }, /begins with a slash/],
    ['a process without a number', { pid: 'init' }, /has a number/],
    ['an address and a pool', { pid: '1', ip: ['10.0.0.5'], pool: ['near'] }, /choose the address twice/],
  ])('refuses %s', async (_, more, message) => {
    await expect(attach(undefined, options(more))).rejects.toThrow(message);
    expect(backend.attached.size).toBe(0);
  });
});

describe('detach', () => {
  test('takes out what attach plugged in, and says when there was nothing', async () => {
    await attach(undefined, options({ pid: '42' }));
    expect((await detach(undefined, options({ pid: '42' }))).text).toBe(
      'Detached pid.42.eth0: 10.0.0.5/32 given back',
    );
    expect((await detach(undefined, options({ pid: '42' }))).text).toBe('Not attached: pid.42.eth0');
    expect((await detach(undefined, { ...options({}), id: 'docker-1' })).text).toBe('Not attached: docker-1');
  });
});
