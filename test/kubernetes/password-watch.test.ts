/** Passwords from Secrets on the fault server: read, changed, gone, not allowed; and in no log. */
import { openCluster } from '@weft/datastore';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PasswordWatch } from '../../cmd/weftd/src/secrets/password-watch.ts';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';

let server: FaultApiServer;
let watch: PasswordWatch;
let lines: string[];
const changed = vi.fn();

beforeEach(async () => {
  server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'] });
  const cluster = openCluster({ type: 'kubernetes', server: server.url });
  lines = [];
  const log = createLogger({
    name: 'test',
    level: 'debug',
    destination: { write: (line) => lines.push(line) },
  });
  watch = new PasswordWatch({ log, namespace: 'kube-system', cluster: () => cluster, changed });
  changed.mockClear();
});
afterEach(async () => {
  watch.close();
  await server.kill();
});

function putSecret(name: string, data: Record<string, string>, namespace = 'kube-system'): void {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  server.objects.put('v1/secrets', { metadata: { name, namespace }, data: Object.fromEntries(encoded) });
}

const values = (): Record<string, string> => Object.fromEntries(watch.values());

test('reads the Secrets that are wanted, each by its name, and no others', async () => {
  putSecret('bgp', { mesh: 'hunter2', tor: 'hunter3' });
  putSecret('other', { key: 'hunter4' });
  putSecret('bgp', { mesh: 'hunter5' }, 'elsewhere');
  expect(server.requests).toEqual([]);
  watch.want(new Set(['bgp', 'missing']));
  await watch.whenRead();
  expect(values()).toEqual({ 'bgp/mesh': 'hunter2', 'bgp/tor': 'hunter3' });
  expect(watch.values()).toBe(watch.values());
  const lists = server.requests
    .filter((line) => !line.includes('watch='))
    .map((line) => decodeURIComponent(line));
  expect(lists.sort()).toEqual(
    ['bgp', 'missing'].map((name) =>
      expect.stringMatching(
        `^GET /api/v1/namespaces/kube-system/secrets\\?.*fieldSelector=metadata.name=${name}`,
      ),
    ),
  );
});

test('takes over a Secret that comes, changes and goes, and tells', async () => {
  watch.want(new Set(['bgp']));
  await watch.whenRead();
  expect(values()).toEqual({});
  putSecret('bgp', { mesh: 'hunter2' });
  await vi.waitFor(() => expect(values()).toEqual({ 'bgp/mesh': 'hunter2' }));
  putSecret('bgp', { mesh: 'hunter3' });
  await vi.waitFor(() => expect(values()).toEqual({ 'bgp/mesh': 'hunter3' }));
  expect(changed).toHaveBeenCalledTimes(2);
  const stored = server.objects.get('v1/secrets', 'bgp', 'kube-system');
  if (stored) server.objects.remove('v1/secrets', stored);
  await vi.waitFor(() => expect(values()).toEqual({}));
});

test('keeps what it knows while the server is dead', async () => {
  putSecret('bgp', { mesh: 'hunter2' });
  watch.want(new Set(['bgp']));
  await watch.whenRead();
  await server.kill();
  expect(values()).toEqual({ 'bgp/mesh': 'hunter2' });
  putSecret('bgp', { mesh: 'hunter3' });
  await server.start();
  await vi.waitFor(() => expect(values()).toEqual({ 'bgp/mesh': 'hunter3' }), { timeout: 20_000 });
});

test('without the right to read one it says which, waits for nobody, and goes on when the right is given', async () => {
  server.fail(/secrets/, { kind: 'status', status: 403 });
  putSecret('bgp', { mesh: 'hunter2' });
  watch.want(new Set(['bgp']));
  await watch.whenRead();
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      event: 'bgp-passwords-unread',
      object: 'Secret kube-system/bgp',
      msg: expect.stringContaining('RBAC does not allow to list secrets (403)'),
    },
  ]);
  server.heal();
  await vi.waitFor(() => expect(values()).toEqual({ 'bgp/mesh': 'hunter2' }), { timeout: 20_000 });
});

test('forgets what is wanted no more, and writes no password into the log', async () => {
  putSecret('bgp', { mesh: 'hunter2' });
  watch.want(new Set(['bgp']));
  await watch.whenRead();
  watch.want(new Set());
  expect(values()).toEqual({});
  await vi.waitFor(() => expect(server.watchCount).toBe(0));
  expect(lines.join()).toContain('"keys":["mesh"]');
  expect(lines.join()).not.toContain('hunter');
  expect(lines.join()).not.toContain(Buffer.from('hunter2').toString('base64'));
});
