/** What daemons have recorded of a lab: the story of a prefix, the difference of two times, and a replay that decides again. */
import { readFileSync, statSync } from 'node:fs';
import { type BgpPeers, ControlClient, everyItem } from '@weft/control';
import { addPod, installation, removePod, restartDaemon, stopDaemon } from '@weft/lab';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { listSegments } from '../../cmd/weftd/src/recording/segments.ts';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const LAB = 't-record';
const lab = useLab(LAB, smallTopology(3, 1));

interface Event {
  readonly node: string;
  readonly event: string;
  readonly prefix?: string;
  readonly text: string;
}

interface Replayed {
  readonly divergences: readonly unknown[];
  readonly problems: readonly string[];
  readonly locRib: readonly {
    readonly prefix: string;
    readonly peer?: string | undefined;
    readonly localPref: number;
  }[];
  readonly routes: readonly {
    readonly destination: string;
    readonly metric: number;
    readonly via: unknown;
  }[];
  readonly announcements: readonly { readonly prefix: string }[];
}

function recordOf(host: string): string {
  return `/run/weft/lab/${LAB}/hosts/${host}/record`;
}

async function historyOf(prefix: string, ...more: string[]): Promise<Event[]> {
  const { stdout } = await weftctl('--lab', LAB, 'history', prefix, '-o', 'json', ...more);
  const { nodes } = JSON.parse(stdout) as { nodes: { node: string; events: Omit<Event, 'node'>[] }[] };
  return nodes.flatMap(({ events, node }) => events.map((event) => ({ node, ...event })));
}

async function replay(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const { node, weftd } = await installation();
  const { exitCode = 1, stdout, stderr } = await execa(node, [weftd, 'replay', ...args], { reject: false });
  return { exitCode, stdout, stderr };
}

async function replayed(host: string): Promise<Replayed> {
  const { stdout } = await replay(recordOf(host), '-o', 'json');
  return JSON.parse(stdout) as Replayed;
}

/** What a running daemon has: Loc-RIB and routes, in the words of a replay. */
async function live(host: string): Promise<Pick<Replayed, 'locRib' | 'routes'>> {
  const client = new ControlClient(await lab.controlSocket(host));
  const rib = await Array.fromAsync(everyItem((query) => client.rib(query)));
  const routes = await Array.fromAsync(everyItem((query) => client.routes(query)));
  return {
    locRib: rib.map(({ best, prefix }) => ({
      prefix,
      peer: best.peer,
      localPref: best.localPreference ?? 100,
    })),
    routes: routes.map(({ metric, prefix, via }) => ({ destination: prefix, metric, via })),
  };
}

/** Sorted, and without what is said in one of both only. */
function comparable({ locRib, routes }: Pick<Replayed, 'locRib' | 'routes'>): unknown {
  const rows = [
    ...locRib.map(({ localPref, peer, prefix }) => `${prefix} from ${peer ?? 'here'} at ${localPref}`),
    ...routes.map(({ destination, metric, via }) => {
      const hops = (via as { gateway?: string; interface: string }[]).map(
        (hop) => `${hop.gateway ?? ''} ${hop.interface}`,
      );
      return `${destination} ${metric} ${hops.join(', ')}`;
    }),
  ];
  return rows.sort();
}

describe('the record of a node', () => {
  let block: string;
  let start: string;

  it('tells how the block of another node came into the kernel, and that it was repaired', async () => {
    [block = ''] = (await lab.blocksOf('node2')).filter((cidr) => !cidr.includes(':'));
    const kernel = (): Promise<string> => lab.run('node1', 'ip', 'route', 'show', block);
    await waitFor(`${block} is in the kernel of node1`, async () => (await kernel()) !== '');
    await lab.run('node1', 'ip', 'route', 'del', block);
    await waitFor(`${block} is back`, async () => (await kernel()) !== '');
    await waitFor('the repair is recorded', async () =>
      (await historyOf(block, '--node', 'node1')).some(({ event }) => event === 'kernel-repaired'),
    );
    const events = (await historyOf(block)).map(({ event, node }) => `${node} ${event}`);
    expect(events).toEqual(
      expect.arrayContaining([
        'node2 announced',
        'node1 session-up',
        'node1 received',
        'node1 best-path',
        'node1 kernel-written',
        'node1 kernel-repaired',
        'node3 kernel-written',
      ]),
    );
    const table = await weftctl('--lab', LAB, 'history', block, '--node', 'node1');
    expect(table.stdout).toMatch(/received .* announces it/);
    expect(table.stdout).toMatch(/best-path +best path: from \S+ \(iBGP\) via/);
    expect(table.stdout).toMatch(/kernel-written +in the kernel: via \S+ dev eth0 \(learned from/);
  });

  it('says when nothing is known, and when the question makes no sense', async () => {
    const unknown = await weftctl('--lab', LAB, 'history', '203.0.113.0/24');
    expect(unknown).toMatchObject({ exitCode: 0, stdout: '' });
    expect(unknown.stderr).toMatch(/No record tells of 203\.0\.113\.0\/24\. They go back: node1 to 20/);
    expect(await weftctl('--lab', LAB, 'history', '10.0.0.1/33')).toMatchObject({ exitCode: 2 });
    expect((await weftctl('--lab', LAB, 'history', block, '--since', 'noon')).stderr).toMatch(
      /--since is no time[\s\S]*10m/,
    );
  });

  it('tells what has changed between two times', async () => {
    start = new Date().toISOString();
    const pod = await addPod(LAB, 'node1');
    await weftctl('--lab', LAB, 'label', 'ippool', 'default-ipv4-ippool', 'season=winter');
    const diff = (): ReturnType<typeof weftctl> =>
      weftctl('--lab', LAB, 'diff', '--at', start, '--node', 'node1');
    const { exitCode, stdout } = await waitFor('the change of the pool', async () => {
      const result = await diff();
      return result.stdout.includes('IPPool') && result;
    });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(new RegExp(`node1 +address +${pod.addresses[0]}/32 +- +WorkloadEndpoint/`));
    expect(stdout).toMatch(
      /node1 +resource +IPPool\/default-ipv4-ippool +- +metadata\.labels\.season: "winter"/,
    );
    const nothing = await weftctl('--lab', LAB, 'diff', '--at', start, '--to', start);
    expect(nothing).toMatchObject({ exitCode: 2 });
    const early = await weftctl('--lab', LAB, 'diff', '--at', '2020-01-01T00:00:00Z');
    expect(early.exitCode).toBe(2);
    expect(early.stderr).toMatch(/the record of node1 goes back to 20\d\d-.* only/);
  });

  it('replays to the routes the daemon has, after churn of pods, policies and sessions', async () => {
    const pods = [await addPod(LAB, 'node2'), await addPod(LAB, 'node1')];
    await removePod(LAB, pods[0]?.name ?? '');
    await stopDaemon(LAB, 'node3', 'SIGKILL');
    const client = new ControlClient(await lab.controlSocket('node1'));
    const established = async (count: number): Promise<boolean> => {
      const { peers }: BgpPeers = await client.bgpPeers();
      return peers.filter(({ state }) => state === 'Established').length === count;
    };
    await waitFor('node3 is gone', () => established(1));
    await restartDaemon(LAB, 'node3');
    await waitFor('node3 is back', () => established(2), 30_000);
    await waitFor(
      'nothing is stale',
      async () => {
        const rib = await Array.fromAsync(everyItem((query) => client.rib(query)));
        return rib.every(({ best }) => !best.stale);
      },
      60_000,
    );
    const isSame = async (): Promise<boolean> =>
      JSON.stringify(comparable(await replayed('node1'))) === JSON.stringify(comparable(await live('node1')));
    await waitFor('the replay has what the daemon has', isSame, 20_000, 200).catch(async () => {
      expect(comparable(await replayed('node1'))).toEqual(comparable(await live('node1')));
    });
    const { announcements, divergences, locRib, problems } = await replayed('node1');
    expect({ divergences, problems }).toEqual({ divergences: [], problems: [] });
    expect(locRib.length).toBeGreaterThan(4);
    expect(announcements.length).toBeGreaterThan(0);
  });

  it('replays in text, up to a time, when the daemon is gone', async () => {
    await stopDaemon(LAB, 'node1', 'SIGTERM');
    const { exitCode, stdout } = await replay(recordOf('node1'));
    expect(stdout).toMatch(/The replay decides as was recorded\.$/);
    expect(exitCode).toBe(0);
    const early = await replay(recordOf('node1'), '--until', start, '-o', 'json');
    expect((JSON.parse(early.stdout) as { until: string }).until <= start).toBe(true);
    const missing = await replay('/nonexistent');
    expect(missing).toMatchObject({ exitCode: 1 });
    expect(missing.stderr).toMatch(/there is no such file or directory\n {2}object: \/nonexistent/);
  });

  it('is for its owner only', () => {
    const [segment] = listSegments(recordOf('node1'));
    expect(statSync(recordOf('node1')).mode & 0o777).toBe(0o700);
    expect(statSync(segment?.path ?? '').mode & 0o777).toBe(0o600);
    expect(readFileSync(segment?.path ?? '', 'utf8')).toMatch(/^\{"at":\d+,"kind":"begin","format":1,/);
  });
});
