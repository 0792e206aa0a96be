import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CniError, ERROR_CODE, isCniError, parseRequest, type Result } from '@weft/cni';
import { type Endpoint, refuse } from '@weft/control';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fakeCniHost } from '../../test/fake-cni-host.ts';
import { Turns } from '../endpoints/turns.ts';
import { add } from './add.ts';
import type { CniHost } from './cni-host.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-add-'));
  const plugin = join(directory, 'recording');
  writeFileSync(
    plugin,
    `#!/bin/sh
echo "$CNI_COMMAND" >> ${join(directory, 'commands')}
echo '{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.7/32"}]}'
`,
  );
  chmodSync(plugin, 0o755);
});
afterEach(() => rmSync(directory, { recursive: true }));

const commands = (): string[] => readFileSync(join(directory, 'commands'), 'utf8').trim().split('\n');

/**
 * A daemon that refuses every attach. The work of the first may go on behind that answer, until `undone`, with the endpoint
 * recorded meanwhile.
 */
function refusingHost(undone?: Promise<void>): CniHost & { readonly attached: string[] } {
  const attached: string[] = [];
  let isUnderWay = false;
  const host = fakeCniHost({
    attach: async (id) => {
      isUnderWay = undone !== undefined && attached.length === 0;
      void undone?.then(() => {
        isUnderWay = false;
      });
      attached.push(id);
      return refuse('unavailable', 'the datastore has not answered', id, 'Ask again.');
    },
    isUnderWay: () => isUnderWay,
    settled: async () => undone,
    isPluggedIn: () => isUnderWay,
    endpoint: () => (isUnderWay ? ({} as Endpoint) : undefined),
  });
  return { ...host, attached };
}

/** Asks for a container whose address comes from a plugin, or from weft itself. */
async function addTo(
  host: CniHost,
  turns = new Turns(),
  ipam: object = { type: 'recording' },
): Promise<Result | CniError> {
  const environment = {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'c1',
    CNI_IFNAME: 'eth0',
    CNI_NETNS: '/run/netns/none',
    CNI_PATH: directory,
  };
  const stdin = JSON.stringify({ cniVersion: '1.0.0', name: 'net', ipam });
  const parsed = parseRequest({ environment, stdin });
  if (parsed.kind === 'refused' || parsed.request.command !== 'ADD') throw new Error(JSON.stringify(parsed));
  return add(host, parsed.request, turns);
}

it('gives the address of an IPAM plugin back before it answers that the attach failed', async () => {
  expect(isCniError(await addTo(refusingHost()))).toBe(true);
  expect(commands()).toEqual(['ADD', 'DEL']);
});

it('gives it back after an attach that goes on behind its answer', async () => {
  const undone = Promise.withResolvers<void>();
  expect(isCniError(await addTo(refusingHost(undone.promise)))).toBe(true);
  expect(commands()).toEqual(['ADD']);
  undone.resolve();
  await vi.waitFor(() => expect(commands()).toEqual(['ADD', 'DEL']), { timeout: 30_000 });
});

it('does nothing for another ADD of the container until the address of the first is given back', async () => {
  const undone = Promise.withResolvers<void>();
  const host = refusingHost(undone.promise);
  const turns = new Turns();
  await addTo(host, turns);
  expect(await addTo(host, turns)).toMatchObject({ code: ERROR_CODE.tryAgainLater });
  undone.resolve();
  // Between its end and the plugin's DEL, too.
  await undone.promise;
  expect(host.isUnderWay('')).toBe(false);
  expect(await addTo(host, turns)).toMatchObject({ code: ERROR_CODE.tryAgainLater });
  expect(host.attached).toHaveLength(1);
  await vi.waitFor(() => expect(turns.isTaken('net:c1:eth0')).toBe(false), { timeout: 30_000 });
  expect(commands()).toEqual(['ADD', 'DEL']);
  await addTo(host, turns);
  expect(commands()).toEqual(['ADD', 'DEL', 'ADD', 'DEL']);
  expect(host.attached).toHaveLength(2);
});

it('does nothing for another ADD of the container while the plugin is asked by the first', async () => {
  const host = refusingHost();
  const turns = new Turns();
  const [first, second] = await Promise.all([addTo(host, turns), addTo(host, turns)]);
  expect(second).toMatchObject({ code: ERROR_CODE.tryAgainLater });
  expect(first).not.toMatchObject({ code: ERROR_CODE.tryAgainLater, message: (second as CniError).message });
  expect(commands()).toEqual(['ADD', 'DEL']);
});

it('lets ADDs with addresses of weft itself wait for each other in the daemon', async () => {
  const host = refusingHost(new Promise(() => {}));
  for (let count = 0; count < 2; count++) await addTo(host, new Turns(), {});
  expect(host.attached).toHaveLength(2);
});
