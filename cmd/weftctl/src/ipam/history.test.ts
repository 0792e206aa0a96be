import type { ControlServer, HistoryEntry } from '@weft/control';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFakeDaemon } from '../../test/fake-daemon.ts';
import { Workbench } from '../../test/run.ts';
import { mergeHistories, printHistory } from './history.ts';

const workbench = new Workbench();
let daemon: ControlServer;

beforeAll(async () => {
  daemon = await startFakeDaemon('n1', workbench.path('weftd.sock'), []);
});

afterAll(async () => {
  await daemon.close();
  workbench.remove();
});

const assign: HistoryEntry = {
  time: '2026-11-21T09:00:00.000Z',
  operation: 'assign',
  address: '10.1.0.5',
  node: 'n1',
  workload: { namespace: 'shop', name: 'web-0', container: 'c1.eth0' },
  reason: 'own-block',
  by: { program: 'weftd', verb: 'attach' },
};
const release: HistoryEntry = {
  ...assign,
  time: '2026-11-21T10:00:00.000Z',
  operation: 'release',
  reason: 'its block says so',
  by: { program: 'weftd', verb: 'start' },
  found: true,
};

describe('ipam history', { timeout: 30_000 }, () => {
  test('is one story of all journals, newest last, each thing once', () => {
    expect(mergeHistories([[release], [assign, release]])).toEqual([assign, release]);
  });

  test('is a table that says what was only found', () => {
    expect(`\n${printHistory([assign, release], false)}`).toMatch(
      /\nTIME +OPERATION +NODE +WORKLOAD +REASON +BY *\n2026-11-21T09:00:00.000Z +assign +n1 +shop\/web-0 +own-block +weftd attach *\n2026-11-21T10:00:00.000Z +release \(found\) +n1/,
    );
  });

  test('asks the daemon on the control socket', async () => {
    const { code, stdout, stderr } = await workbench.run(['ipam', 'history', '10.1.0.5']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/assign +n1 +shop\/web-0/);
    const json = await workbench.run(['ipam', 'history', '10.1.0.5', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      address: '10.1.0.5',
      entries: [{ operation: 'assign' }],
    });
  });

  test('says that a daemon does not answer, and ends with 1', async () => {
    const { code, stderr } = await workbench.run([
      'ipam',
      'history',
      '10.1.0.5',
      '--socket',
      workbench.path('none.sock'),
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('There is no control socket');
  });

  test('refuses what is no address', async () => {
    const { code, stderr } = await workbench.run(['ipam', 'history', '10.1.0.500']);
    expect(code).toBe(2);
    expect(stderr).toContain('10.1.0.500');
  });
});
