/** BFD in the mesh: a host that is silent is missed in the detection time, a weftd that restarts is not missed at all. */
import { type BgpPeer, ControlClient } from '@weft/control';
import { restartDaemon, stopDaemon } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bfdIs, HOLD_TIME_SECONDS, routeBecomes, setCable, startPing } from './observe.ts';

function bgpConfiguration(annotations: Record<string, string>) {
  const metadata = { name: 'default', annotations };
  return { apiVersion: 'projectcalico.org/v3', kind: 'BGPConfiguration', metadata, spec: {} };
}

// Three seconds, so that a busy machine does not pass for a dead one.
const lab = useLab('t-bfd-mesh', {
  ...smallTopology(3, 1, HOLD_TIME_SECONDS),
  resources: [bgpConfiguration({ 'weft.dev/bfd': '300ms x 10' })],
});

/** Changes the annotation of the mesh as a user does; null takes it away. */
async function setBfd(text: string | null): Promise<void> {
  const patch = JSON.stringify({ metadata: { annotations: { 'weft.dev/bfd': text } } });
  const patched = await weftctl('--lab', lab.name, 'patch', 'bgpconfiguration', 'default', '-p', patch);
  expect(patched).toMatchObject({ exitCode: 0, stderr: '' });
}

async function peersOf(host: string): Promise<readonly BgpPeer[]> {
  return (await new ControlClient(await lab.controlSocket(host)).bgpPeers()).peers;
}

describe('BFD in the mesh', () => {
  it('is up over one hop, and shown', { timeout: 90_000 }, async () => {
    await bfdIs(lab, 'node1', 'Up', '10.0.0.2', '10.0.0.3');
    const { stdout } = await weftctl('--lab', lab.name, 'node', 'status', 'node1', '-o', 'wide');
    expect(stdout).toMatch(/\| 10\.0\.0\.2 .*\| Up 3000ms \|/);
    const metrics = await new ControlClient(await lab.controlSocket('node1')).metrics();
    expect(metrics).toContain('weft_bfd_up{peer="10.0.0.2"} 1');
  });

  it('changes, ends and begins while BGP stays up', { timeout: 180_000 }, async () => {
    const timesUp = async () => (await peersOf('node1')).map(({ counters }) => counters.established);
    const before = await timesUp();
    await setBfd('500ms x 10');
    await waitFor(
      'the other timers hold',
      async () => (await peersOf('node1')).every(({ bfd }) => bfd?.detectionTimeMs === 5000),
      30_000,
    );
    await setBfd(null);
    await bfdIs(lab, 'node1', 'none', '10.0.0.2', '10.0.0.3');
    await setBfd('300ms x 10');
    await bfdIs(lab, 'node1', 'Up', '10.0.0.2', '10.0.0.3');
    expect(await timesUp()).toEqual(before);
  });

  it('has a host that is silent dropped in the detection time', { timeout: 120_000 }, async () => {
    const [block = ''] = await lab.blocksOf('node3');
    await routeBecomes(lab, 'node1', block, 'there');
    await setCable(lab, 'node3', undefined);
    const took = await routeBecomes(lab, 'node1', block, 'gone');
    console.info(`the route was gone after ${Math.round(took)} ms, of a hold time of ${HOLD_TIME_SECONDS} s`);
    await setCable(lab, 'node3', 'segment');
    await routeBecomes(lab, 'node1', block, 'there', 60_000);
    await bfdIs(lab, 'node1', 'Up', '10.0.0.3');
  });

  it.each([
    ['killed', 'SIGKILL'],
    ['stopped', 'SIGTERM'],
  ] as const)(
    'loses no packet of a weftd that is %s, away longer than the detection time, and back',
    {
      timeout: 180_000,
    },
    async (_, signal) => {
      const ping = startPing(lab, 'node1-pod1', await lab.addressOf('node2-pod1'));
      await stopDaemon(lab.name, 'node2', signal);
      await bfdIs(lab, 'node1', 'Down', '10.0.0.2');
      // Another that falls silent only now is missed when its detection time is over, and that of node2 is so, too.
      await setCable(lab, 'node3', undefined);
      await bfdIs(lab, 'node1', 'Down', '10.0.0.3');
      await setCable(lab, 'node3', 'segment');
      await restartDaemon(lab.name, 'node2');
      await bfdIs(lab, 'node1', 'Up', '10.0.0.2', '10.0.0.3');
      await waitFor('the session is back', async () =>
        (await peersOf('node1')).every((peer) => peer.state === 'Established'),
      );
      expect(await ping.loss()).toBe('0% packet loss');
    },
  );

  it('nor of one that is killed and back within it', { timeout: 180_000 }, async () => {
    const ping = startPing(lab, 'node1-pod1', await lab.addressOf('node2-pod1'));
    await lab.killWeftd('node2');
    await restartDaemon(lab.name, 'node2');
    await bfdIs(lab, 'node1', 'Up', '10.0.0.2');
    await waitFor('the session is back', async () =>
      (await peersOf('node1')).every(({ state }) => state === 'Established'),
    );
    expect(await ping.loss()).toBe('0% packet loss');
  });
});
