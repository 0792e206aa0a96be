/** Five hundred containers added and removed, twenty at a time. */
import { beforeAll, describe, expect, it } from 'vitest';
import { containerTraces } from '../harness/container-traces.ts';
import { weftNetwork } from '../harness/networks.ts';
import type { Ended } from '../harness/refusal.ts';
import { useRuntimes } from '../harness/runtimes.ts';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';

const hosts = ['node1', 'node2'];
const lab = useLab('t-many', smallTopology(2, 0));
const portmap = { type: 'portmap', snat: true, capabilities: { portMappings: true } };
const runtimes = useRuntimes(lab, {
  hosts,
  containerd: true,
  podman: true,
  networks: {
    '10-pods.conflist': weftNetwork('pods'),
    '20-web.conflist': weftNetwork('web', { after: [portmap] }),
  },
});

/** Where a container runs, and the address of the other host. */
function placeOf(index: number): { host: string; other: string } {
  return index % 2 === 0 ? { host: 'node1', other: '10.0.0.2' } : { host: 'node2', other: '10.0.0.1' };
}

/** Runs so many tasks, at most `width` of them at any time. */
async function inTurns(
  count: number,
  width: number,
  task: (index: number) => Promise<Ended>,
): Promise<Ended[]> {
  const results: Ended[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      results[index] = await task(index);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

/**
 * Reaches an address, by the first packet as a rule. A new block is announced before its first container runs, and the kernel of
 * the other host has acknowledged that; its weftd, on a busy machine, may read it a moment later.
 */
const reach = (address: string): string[] => {
  const ping = `ping -c 1 -W 1 ${address}`;
  return ['sh', '-c', `${ping} || ${ping} || ${ping} || ${ping} || ${ping}`];
};

/** What those said that failed. */
function failures(results: readonly Ended[]): string[] {
  return results.flatMap(({ exitCode, stderr, stdout }) => (exitCode === 0 ? [] : [stderr + stdout]));
}

describe('on two hosts', () => {
  let before: string[];
  beforeAll(async () => {
    before = await containerTraces(lab.name);
  });

  it('500 containers of ctr, 20 at a time, each reach the other host', {
    timeout: 300_000,
  }, async () => {
    const results = await inTurns(500, 20, (index) => {
      const { host, other } = placeOf(index);
      return runtimes.containerd(host).runToEnd(`c${index}`, ...reach(other));
    });
    expect(failures(results)).toEqual([]);
    expect(results).toHaveLength(500);
    expect(await containerTraces(lab.name)).toEqual(before);
  });

  it('40 containers of Podman with a published port each, 10 at a time, likewise', {
    timeout: 120_000,
  }, async () => {
    const results = await inTurns(40, 10, (index) => {
      const { host, other } = placeOf(index);
      const options = ['--net=web', `--publish=${9000 + index}:80`];
      return runtimes.podman(host).runToEnd(`p${index}`, options, ...reach(other));
    });
    expect(failures(results)).toEqual([]);
    expect(await containerTraces(lab.name)).toEqual(before);
  });

  it('leave a store in which nothing is wrong, and nothing that the runtimes would keep', async () => {
    const { stdout } = await weftctl('--lab', lab.name, 'ipam', 'check');
    expect(stdout).toContain('found 0 problems');
    for (const host of hosts) expect(runtimes.host(host).cachedResults()).toEqual([]);
  });
});
