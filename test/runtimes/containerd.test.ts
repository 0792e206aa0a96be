/** Debian's containerd by `ctr run --cni`: containers on three hosts, IPv4 and IPv6, and what is left of them. */
import { ControlClient } from '@weft/control';
import { beforeAll, describe, expect, it } from 'vitest';
import { containerAddresses } from '../harness/container-addresses.ts';
import { containerTraces } from '../harness/container-traces.ts';
import { weftNetwork } from '../harness/networks.ts';
import { useRuntimes } from '../harness/runtimes.ts';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';

const hosts = ['node1', 'node2', 'node3'];
const lab = useLab('t-containerd', smallTopology(3, 0));
const runtimes = useRuntimes(lab, {
  hosts,
  containerd: true,
  networks: { '10-pods.conflist': weftNetwork('pods') },
});

/** The name of a host's web server. */
const web = (host: string): string => `web-${host}`;

describe('a web server on each of three hosts', () => {
  const addresses = new Map<string, string[]>();
  let before: string[];

  beforeAll(async () => {
    before = await containerTraces(lab.name);
    for (const host of hosts) {
      const serve = `echo 'this is ${host}' >/index.html; exec httpd -f -h /`;
      await runtimes.containerd(host).run(web(host), 'sh', '-c', serve);
      addresses.set(host, await containerAddresses(runtimes.containerd(host), web(host)));
    }
  });

  it('has an IPv4 and an IPv6 address out of the blocks of its host', async () => {
    for (const host of hosts) {
      const [v4 = '', v6 = ''] = addresses.get(host) ?? [];
      const routes = await lab.routes(host, 'proto', 'weft');
      expect(routes.filter((route) => route.startsWith(`${v4} dev cali`))).toHaveLength(1);
      expect(routes.filter((route) => route.startsWith(`${v6} dev cali`))).toHaveLength(1);
      const blocks = await lab.blocksOf(host);
      expect(blocks.map((block) => block.includes(':')).sort()).toEqual([false, true]);
    }
  });

  it('answers pings and HTTP from the containers of the other hosts, in both families', async () => {
    for (const from of hosts)
      for (const to of hosts.filter((host) => host !== from)) {
        const [v4 = '', v6 = ''] = addresses.get(to) ?? [];
        const containerd = runtimes.containerd(from);
        for (const [address, url] of [
          [v4, `http://${v4}/`],
          [v6, `http://[${v6}]/`],
        ] as const) {
          const ping = await containerd.exec(web(from), 'ping', '-c', '1', '-W', '2', address);
          expect(ping.stdout).toMatch(/ttl=62/);
          const page = await containerd.exec(web(from), 'wget', '-qO-', url);
          expect(page.stdout).toBe(`this is ${to}`);
        }
      }
  });

  it('is a WorkloadEndpoint and an endpoint of its daemon', async () => {
    const { stdout } = await weftctl('--lab', lab.name, 'get', 'workloadendpoints', '-o', 'wide');
    for (const [host, [v4 = '']] of addresses) expect(stdout).toMatch(new RegExp(`${host} .*${v4}/32`));
    const { items } = await new ControlClient(await lab.controlSocket('node1')).endpoints();
    expect(items).toMatchObject([
      { containerId: runtimes.containerd('node1').containerId(web('node1')), orchestrator: 'cni' },
    ]);
  });

  it('is in order for `weftctl ipam check`', async () => {
    const { stdout, exitCode } = await weftctl('--lab', lab.name, 'ipam', 'check');
    expect(stdout).toContain('found 0 problems');
    expect(exitCode).toBe(0);
  });

  it('leaves nothing when it ends', async () => {
    for (const host of hosts) await runtimes.containerd(host).end(web(host));
    expect(await containerTraces(lab.name)).toEqual(before);
    expect(runtimes.host('node1').cachedResults()).toEqual([]);
    expect((await weftctl('--lab', lab.name, 'ipam', 'check')).stdout).toContain('found 0 problems');
  });
});
