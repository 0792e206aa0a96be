/** A weftd that dies or restarts is not noticed by traffic: the kernel's routes outlive it and its peers keep theirs. */
import { restartDaemon, status, stopDaemon } from '@weft/lab';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

const lab = useLab('t-restart', smallTopology(3, 1, 90));

describe('pods ping through a host every 5 ms', () => {
  it('SIGKILL of its weftd, 20 s without one, and a new start lose no packet', {
    timeout: 120_000,
  }, async () => {
    const pings = await startPings();
    await stopDaemon(lab.name, 'node2', 'SIGKILL');
    await waitFor('the peers see that node2 is away', () =>
      sessionsOf('node1', (state) => state !== 'Established'),
    );
    const since = performance.now();
    await waitFor('20 s have passed', () => performance.now() - since > 20_000, 25_000);
    await restartDaemon(lab.name, 'node2');
    await waitFor(
      'all sessions are back',
      () => sessionsOf('node1', (state) => state === 'Established'),
      30_000,
    );
    expect(await lossOf(pings)).toEqual(['0% packet loss', '0% packet loss']);
  });

  it('SIGTERM and a new start lose no packet', { timeout: 120_000 }, async () => {
    const pings = await startPings();
    await stopDaemon(lab.name, 'node2', 'SIGTERM');
    await waitFor('the peers see that node2 is away', () =>
      sessionsOf('node1', (state) => state !== 'Established'),
    );
    await restartDaemon(lab.name, 'node2');
    await waitFor(
      'all sessions are back',
      () => sessionsOf('node1', (state) => state === 'Established'),
      30_000,
    );
    expect(await lossOf(pings)).toEqual(['0% packet loss', '0% packet loss']);
  });
});

type Ping = ReturnType<typeof ping>;

function ping(from: string, to: string) {
  const command = ['netns', 'exec', lab.namespaceOf(from), 'ping', '-n', '-q', '-i', '0.005', to];
  return execa('ip', command, { reject: false });
}

/** One ping into the host and one out of it, IPv4 and IPv6, until they are told to stop. */
async function startPings(): Promise<Ping[]> {
  const into = await lab.addressOf('node2-pod1');
  const outOf = await lab.addressOf('node1-pod1', 6);
  return [ping('node1-pod1', into), ping('node2-pod1', outOf)];
}

/** Stops the pings by SIGINT, on which ping prints its statistics. */
async function lossOf(pings: readonly Ping[]): Promise<string[]> {
  for (const ping of pings) ping.kill('SIGINT');
  const results = await Promise.all(pings);
  return results.map(({ stdout }) => /[\d.]+% packet loss/.exec(String(stdout))?.[0] ?? String(stdout));
}

async function sessionsOf(host: string, wanted: (state: string) => boolean): Promise<boolean> {
  const { hosts } = await status(lab.name);
  const { sessions = [] } = hosts.find(({ name }) => name === host) ?? {};
  return (
    sessions.some(({ peer }) => peer === '10.0.0.2') &&
    sessions.filter(({ peer }) => peer === '10.0.0.2').every(({ state }) => wanted(state))
  );
}
