/**
 * BFD between weftd and routers that run BIRD and FRR: a silent node is missed, a weftd that restarts is not. FRR does both;
 * BIRD has to be told which (`bfd on`, `bfd graceful`), here of each node the one that is tried.
 */
import { chooseTopology, restartDaemon, stopDaemon } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { useLab } from '../../harness/test-lab.ts';
import { bfdIs, HOLD_TIME_SECONDS, routeBecomes, setCable, startPing } from './observe.ts';

const { topology, baseDirectory } = chooseTopology(`${import.meta.dirname}/topology.yaml`, 0, 0);
const lab = useLab('t-bfd-routers', topology, baseDirectory);

const ROUTERS = ['tor', 'router'] as const;
const ADDRESSES = ['10.1.0.254', '10.1.0.253'] as const;

describe('BFD with BIRD and FRR', () => {
  it('has them drop a node that is silent in the detection time, and the node them', {
    timeout: 180_000,
  }, async () => {
    const [block = ''] = await lab.blocksOf('node2');
    await bfdIs(lab, 'node2', 'Up', ...ADDRESSES);
    for (const router of ROUTERS) await routeBecomes(lab, router, block, 'there');
    await setCable(lab, 'node2', undefined);
    const took = await Promise.all(ROUTERS.map((router) => routeBecomes(lab, router, block, 'gone')));
    const times = ROUTERS.map((router, index) => `${router} ${Math.round(took[index] ?? 0)} ms`).join(', ');
    console.info(`the route was gone: ${times}, of a hold time of ${HOLD_TIME_SECONDS} s`);
    await bfdIs(lab, 'node2', 'Down', ...ADDRESSES);
    await setCable(lab, 'node2', 'rack');
    for (const router of ROUTERS) await routeBecomes(lab, router, block, 'there', 60_000);
    await bfdIs(lab, 'node2', 'Up', ...ADDRESSES);
  });

  it('has them keep forwarding to a node whose weftd is killed, away longer than the detection time, and back', {
    timeout: 180_000,
  }, async () => {
    const pod = await lab.addressOf('node1-pod1');
    const pings = ROUTERS.map((router) => startPing(lab, router, pod));
    await stopDaemon(lab.name, 'node1', 'SIGKILL');
    await bfdIs(lab, 'node2', 'Down', '10.1.0.1');
    await restartDaemon(lab.name, 'node1');
    await bfdIs(lab, 'node1', 'Up', ...ADDRESSES);
    expect(await Promise.all(pings.map((ping) => ping.loss()))).toEqual(['0% packet loss', '0% packet loss']);
  });
});
