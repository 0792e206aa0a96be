/**
 * Two controllers of one cluster: one acts, and the other one when the first cannot.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../harness/free-port.ts';
import { TcpProxy } from '../../harness/tcp-proxy.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { Stage, type TestController } from './stage.ts';

const root = join(import.meta.dirname, '../../..');

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.set();
});
afterEach(() => stage.strike());

/** The Lease as it stands. */
function lease(): Record<string, unknown> {
  return stage.server.objects.get('coordination.k8s.io/v1/leases', 'weft-controller', 'kube-system')
    ?.spec as Record<string, unknown>;
}

async function leads(controller: TestController): Promise<boolean> {
  return (await controller.ask('/metrics')).text.includes('\nweft_controller_leader 1\n');
}

it('one acts; when it is cut off it stops before the other begins, and is a candidate again when it is back', async () => {
  const port = Number(new URL(stage.server.url).port);
  const ways = [await TcpProxy.start(port), await TcpProxy.start(port)] as const;
  const [first, second] = [
    await stage.control({}, `http://127.0.0.1:${ways[0].port}`),
    await stage.control({}, `http://127.0.0.1:${ways[1].port}`),
  ];
  try {
    const leader = await waitFor('one of them leads', async () =>
      (await leads(first)) ? first : (await leads(second)) ? second : false,
    );
    const other = leader === first ? second : first;
    const way = leader === first ? ways[0] : ways[1];
    await leader.looked();
    expect(other.looks).toBe(0);
    expect((await other.ask('/readiness')).status).toBe(200);
    way.cut();
    await other.saw('leading');
    const stopped = await leader.saw('not-leading');
    const began = await other.saw('leading');
    expect(Date.parse(String(stopped.time))).toBeLessThan(Date.parse(String(began.time)));
    await stage.assign('leaked', 'node1');
    await stage.untilHeld();
    expect(lease()).toMatchObject({ leaseTransitions: 1 });
    way.heal();
    await waitFor('the first knows who leads', async () => (await leader.ask('/readiness')).status === 200);
    expect([await leads(leader), await leads(other)]).toEqual([false, true]);
    await other.stop();
    expect(lease()).toMatchObject({ holderIdentity: '', leaseTransitions: 1 });
    await waitFor('the first leads again', () => leads(leader));
  } finally {
    await Promise.all(ways.map((one) => one.close()));
  }
});

it('a leader whose Lease somebody else took stops at once', async () => {
  const controller = await stage.control();
  await controller.looked(1);
  const leases = 'coordination.k8s.io/v1/leases';
  const held = stage.server.objects.get(leases, 'weft-controller', 'kube-system');
  if (!held) throw new Error('there is a leader');
  stage.server.objects.put(leases, { ...held, spec: { ...(held.spec as object), holderIdentity: 'me' } });
  await controller.saw('not-leading');
  expect(await leads(controller)).toBe(false);
});

it.each([
  [
    'refused',
    { kind: 'status', status: 403 },
    /RBAC does not allow to (get|update) leases.coordination.k8s.io/,
  ],
  ['left without an answer', { kind: 'hang' }, /Cannot (get|update) Lease/],
] as const)(
  'a leader whose renewals are %s stops in time, says why, and leads again',
  async (_, fault, why) => {
    const controller = await stage.control();
    await controller.looked(1);
    const from = controller.lines.length;
    stage.server.fail(/leases/, fault);
    await waitFor('it does not act any more', async () => !(await leads(controller)));
    const looks = controller.looks;
    await controller.saw('lease-failed', from);
    // One that was under way may have ended.
    expect(controller.looks - looks).toBeLessThan(2);
    expect((await controller.ask('/readiness')).text).toMatch(why);
    stage.server.heal();
    await waitFor('it leads again', () => leads(controller), 30_000);
  },
);

it('a process that is killed is followed by another one; SIGTERM gives the Lease back', async () => {
  const start = async (): Promise<ChildProcess> => {
    const main = join(root, 'cmd/weft-controller/src/main.ts');
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const env = { PATH: process.env.PATH, K8S_API_ENDPOINT: stage.server.url, WEFT_METRICS_ADDRESS: address };
    return spawn(process.execPath, [main], { env, stdio: 'ignore' });
  };
  const holder = () => waitFor('somebody holds the Lease', () => lease()?.holderIdentity, 30_000);
  const first = await start();
  const killed = await holder();
  const second = await start();
  try {
    first.kill('SIGKILL');
    await waitFor('the second holds the Lease', () => lease()?.holderIdentity !== killed, 30_000);
    await stage.assignOnDeadNode('leaked');
    await stage.untilHeld();
    const ended = once(second, 'exit');
    second.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(lease()).toMatchObject({ holderIdentity: '', leaseTransitions: 1 });
  } finally {
    for (const child of [first, second]) child.kill('SIGKILL');
  }
});
