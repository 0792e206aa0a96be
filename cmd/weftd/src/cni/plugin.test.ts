import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCall } from '@weft/cni';
import { refuse } from '@weft/control';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeCniHost } from '../../test/fake-cni-host.ts';
import type { CniHost } from './cni-host.ts';
import { CniPlugin } from './plugin.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-plugin-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A daemon whose datastore may be away for detaches; the containers it has been asked for. */
function hostWith(): CniHost & { isAway: boolean; readonly asked: string[] } {
  const asked: string[] = [];
  const commands = fakeCniHost({
    attach: async (id) => {
      asked.push(`attach ${id}`);
      return refuse('no-address', 'no more was needed', id, '');
    },
    detach: async (id) => {
      if (host.isAway) return refuse('unavailable', 'the datastore is away', id, 'Wait.');
      asked.push(`detach ${id}`);
      return { kind: 'not-attached', id, addresses: [] };
    },
    isPossible: () => !host.isAway,
  });
  const host = { ...commands, asked, isAway: false };
  return host;
}

/** What the client on the host says, and the code of the answer, 0 for success. */
async function call(plugin: CniPlugin, command: string, container: string): Promise<number> {
  const { exitCode, stdout } = await plugin.answer(bytesOf(command, container));
  return exitCode === 0 ? 0 : JSON.parse(stdout).code;
}

function bytesOf(command: string, container: string): Uint8Array {
  const environment = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: container,
    CNI_IFNAME: 'eth0',
    CNI_NETNS: '/n',
  };
  return encodeCall({ environment, stdin: JSON.stringify({ cniVersion: '1.0.0', name: 'net' }) });
}

it('plugs a container in again only when a DEL of it that was kept is done, whatever others wait for', async () => {
  const host = hostWith();
  const plugin = new CniPlugin(host, directory, Date.now);
  await plugin.listens();
  host.isAway = true;
  expect(await call(plugin, 'DEL', 'c1')).toBe(0);
  expect(await call(plugin, 'ADD', 'c1')).toBe(11);
  expect(host.asked).toEqual([]);
  await call(plugin, 'ADD', 'c2');
  expect(host.asked).toEqual(['attach net:c2:eth0']);
  host.isAway = false;
  await call(plugin, 'ADD', 'c1');
  expect(host.asked.slice(1)).toEqual(['detach net:c1:eth0', 'attach net:c1:eth0']);
  plugin.close();
});

it('keeps that order for every one of many DELs, from its start on', async () => {
  const host = hostWith();
  host.isAway = true;
  for (let index = 0; index < 30; index++)
    writeFileSync(join(directory, `${1000 + index}-7`), bytesOf('DEL', `c${index}`));
  const plugin = new CniPlugin(host, directory, Date.now);
  await plugin.sweep();
  await plugin.listens();
  expect(await call(plugin, 'ADD', 'c20')).toBe(11);
  for (let index = 30; index < 60; index++) await call(plugin, 'DEL', `c${index}`);
  expect(await call(plugin, 'ADD', 'c50')).toBe(11);
  expect(host.asked).toEqual([]);
  host.isAway = false;
  for (const container of ['c20', 'c50']) {
    await call(plugin, 'ADD', container);
    const about = host.asked.filter((asked) => asked.includes(`:${container}:`));
    expect(about).toEqual([`detach net:${container}:eth0`, `attach net:${container}:eth0`]);
  }
  plugin.close();
});

it('waits for no DEL whose file somebody took away', async () => {
  const host = hostWith();
  host.isAway = true;
  const plugin = new CniPlugin(host, directory, Date.now);
  await call(plugin, 'DEL', 'c1');
  expect(await call(plugin, 'ADD', 'c1')).toBe(11);
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  await call(plugin, 'ADD', 'c1');
  expect(host.asked).toEqual(['attach net:c1:eth0']);
  plugin.close();
});
