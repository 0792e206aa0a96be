import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCall } from '@weft/cni';
import { refuse } from '@weft/control';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
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
  const host = {
    asked,
    isAway: false,
    log: createLogger({ name: 'test', level: 'silent' as 'error' }),
    attach: async (id: string) => {
      asked.push(`attach ${id}`);
      return refuse('no-address', 'no more was needed', id, '');
    },
    detach: async (id: string) => {
      if (host.isAway) return refuse('unavailable', 'the datastore is away', id, 'Wait.');
      asked.push(`detach ${id}`);
      return { kind: 'not-attached', id, addresses: [] } as const;
    },
    isUnderWay: () => false,
    settled: async () => {},
    differences: () => [],
    endpoints: () => [],
    endpoint: () => undefined,
    readiness: () => ({ ok: true, reasons: [] }),
    isPossible: () => !host.isAway,
  };
  return host;
}

it('plugs a container in again only when a DEL of it that was kept is done, whatever others wait for', async () => {
  const host = hostWith();
  const plugin = new CniPlugin(host, directory, Date.now);
  await plugin.listens();
  const call = async (command: string, container: string) => {
    const environment = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: container,
      CNI_IFNAME: 'eth0',
      CNI_NETNS: '/n',
    };
    const stdin = JSON.stringify({ cniVersion: '1.0.0', name: 'net' });
    const { exitCode, stdout } = await plugin.answer(encodeCall({ environment, stdin }));
    return exitCode === 0 ? 0 : JSON.parse(stdout).code;
  };
  host.isAway = true;
  expect(await call('DEL', 'c1')).toBe(0);
  expect(await call('ADD', 'c1')).toBe(11);
  expect(host.asked).toEqual([]);
  await call('ADD', 'c2');
  expect(host.asked).toEqual(['attach net:c2:eth0']);
  host.isAway = false;
  await call('ADD', 'c1');
  expect(host.asked.slice(1)).toEqual(['detach net:c1:eth0', 'attach net:c1:eth0']);
  plugin.close();
});
