import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCniError, parseRequest } from '@weft/cni';
import { refuse } from '@weft/control';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
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

/** A daemon that refuses every attach, with the work going on behind that answer or not. */
function refusingHost(isUnderWay: boolean, settled: Promise<void>): CniHost {
  return {
    log: createLogger({ name: 'test', level: 'error' }),
    attach: async (id) => refuse('unavailable', 'the datastore has not answered', id, 'Ask again.'),
    detach: async (id) => ({ kind: 'not-attached', id, addresses: [] }),
    isUnderWay: () => isUnderWay,
    settled: () => settled,
    differences: () => [],
    endpoints: () => [],
    endpoint: () => undefined,
    readiness: () => ({ ok: true, reasons: [] }),
    isPossible: () => true,
  };
}

/** Asks for a container whose address comes from a plugin; the commands that plugin got by the time of the answer. */
async function addTo(host: CniHost): Promise<string[]> {
  const environment = {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'c1',
    CNI_IFNAME: 'eth0',
    CNI_NETNS: '/run/netns/none',
    CNI_PATH: directory,
  };
  const stdin = JSON.stringify({ cniVersion: '1.0.0', name: 'net', ipam: { type: 'recording' } });
  const parsed = parseRequest({ environment, stdin });
  if (parsed.kind === 'refused' || parsed.request.command !== 'ADD') throw new Error(JSON.stringify(parsed));
  expect(isCniError(await add(host, parsed.request))).toBe(true);
  return commands();
}

it('gives the address of an IPAM plugin back before it answers that the attach failed', async () => {
  expect(await addTo(refusingHost(false, Promise.resolve()))).toEqual(['ADD', 'DEL']);
});

it('gives it back after an attach that goes on behind its answer', async () => {
  const settled = Promise.withResolvers<void>();
  expect(await addTo(refusingHost(true, settled.promise))).toEqual(['ADD']);
  settled.resolve();
  await vi.waitFor(() => expect(commands()).toEqual(['ADD', 'DEL']), { timeout: 30_000 });
});
