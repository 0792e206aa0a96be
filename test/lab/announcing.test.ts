/** A container is answered when a peer has acknowledged its block, so that its first packet finds its way back. */
import { readFileSync } from 'node:fs';
import { ControlClient } from '@weft/control';
import { addPod, type PluggedPod, resolveLab } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

// Blocks of one address: every container is the first of a new block.
const lab = useLab('t-announcing', {
  ...smallTopology(2, 1, 90),
  pools: [
    { name: 'pods', cidr: '10.244.0.0/16', blockSize: 32 },
    { name: 'pods6', cidr: 'fd00:10:244::/64', blockSize: 128 },
  ],
});

async function metric(name: string): Promise<number> {
  const found = (await resolveLab(lab.name)).hosts.find((host) => host.name === 'node1');
  const page = await new ControlClient(found?.controlSocket ?? '').metrics();
  const line = page.split('\n').find((row) => row.startsWith(`${name} `) || row.startsWith(`${name}{`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

async function reaches(pod: PluggedPod): Promise<Record<string, boolean>> {
  const answers = pod.addresses.map(async (to) => [to, await lab.pings('node2-pod1', to)] as const);
  return Object.fromEntries(await Promise.all(answers));
}

const everything = (pod: PluggedPod): Record<string, boolean> =>
  Object.fromEntries(pod.addresses.map((to) => [to, true]));

/** BGP from node1 does not arrive at node2 from now on; the packets that do not are counted. */
async function cutBgp(): Promise<void> {
  await lab.run(
    'node2',
    'nft',
    'table ip cut { chain c { type filter hook input priority 0; ip saddr 10.0.0.1 tcp sport 179 counter drop; ip saddr 10.0.0.1 tcp dport 179 counter drop; }; }',
  );
}

async function mendBgp(): Promise<void> {
  await lab.run('node2', 'nft', 'delete', 'table', 'ip', 'cut');
}

async function droppedPackets(): Promise<number> {
  const listing = await lab.run('node2', 'nft', 'list', 'table', 'ip', 'cut');
  return [...listing.matchAll(/packets (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

function warningsOf(host: string): object[] {
  const log = readFileSync(`/run/weft/lab/${lab.name}/hosts/${host}/daemon.log`, 'utf8');
  const lines = log.split('\n').filter((line) => line.includes('"announcement-unacknowledged"'));
  return lines.map((line) => JSON.parse(line) as object);
}

describe('a container in a new block', () => {
  it('is reached from another host by its first packet, time after time', async () => {
    const before = await metric('weft_announce_seconds_count{outcome="acknowledged"}');
    for (let count = 0; count < 10; count += 1) {
      const pod = await addPod(lab.name, 'node1');
      expect(await reaches(pod)).toEqual(everything(pod));
    }
    expect((await metric('weft_announce_seconds_count{outcome="acknowledged"}')) - before).toBe(20);
    expect(await metric('weft_announce_timeouts_total')).toBe(0);
  });

  it('is not answered before the peer has acknowledged the block', async () => {
    await cutBgp();
    let isAnswered = false;
    const attach = addPod(lab.name, 'node1').finally(() => {
      isAnswered = true;
    });
    await waitFor('an UPDATE was lost', async () => (await droppedPackets()) > 0);
    expect(isAnswered).toBe(false);
    await mendBgp();
    const pod = await attach;
    expect(await reaches(pod)).toEqual(everything(pod));
    expect(await metric('weft_announce_timeouts_total')).toBe(0);
  });

  it('is answered after a second when no peer acknowledges the block, with a warning that names the peer', async () => {
    await cutBgp();
    const start = performance.now();
    const pod = await addPod(lab.name, 'node1');
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
    expect(await metric('weft_announce_timeouts_total')).toBe(2);
    const warnings = await waitFor('a warning for each block', () => {
      const found = warningsOf('node1');
      return found.length >= pod.addresses.length ? found : undefined;
    });
    expect(warnings).toEqual(pod.addresses.map(() => expect.objectContaining({ waitingFor: '10.0.0.2' })));
    await mendBgp();
    await waitFor('the peer has learned the way', async () =>
      Object.values(await reaches(pod)).every(Boolean),
    );
  });
});
