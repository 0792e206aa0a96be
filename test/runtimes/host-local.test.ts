/** Addresses by `host-local`, from a range of each host; weft plugs in and announces. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { restartDaemon } from '@weft/lab';
import { beforeAll, describe, expect, it } from 'vitest';
import { containerAddresses } from '../harness/container-addresses.ts';
import { containerTraces } from '../harness/container-traces.ts';
import { weftNetwork } from '../harness/networks.ts';
import { useRuntimes } from '../harness/runtimes.ts';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const hosts = ['node1', 'node2'];
/** A pool tells that its addresses are the cluster's; disabled, that weft hands out none of them. */
const reserved = (name: string, cidr: string): object => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'IPPool',
  metadata: { name },
  spec: { cidr, disabled: true },
});
const resources = [reserved('ranges', '10.250.0.0/16'), reserved('ranges6', 'fd00:250::/48')];
const lab = useLab('t-host-local', { ...smallTopology(2, 0), resources });
const runtimes = useRuntimes(lab, { hosts, containerd: true, networks: {} });

/** Where host-local keeps which addresses it has given to whom. */
const stateOf = (host: string): string => join(runtimes.host(host).directory, 'host-local');
/** The addresses that host-local holds on a host. */
const heldOn = (host: string): string[] =>
  readdirSync(join(stateOf(host), 'ranges')).filter((name) => /^[0-9a-f]+[.:]/.test(name));

let before: string[];
const addresses = new Map<string, string[]>();
beforeAll(async () => {
  before = await containerTraces(lab.name);
  for (const [index, host] of hosts.entries()) {
    const ranges = [[{ subnet: `10.250.${index + 1}.0/24` }], [{ subnet: `fd00:250:0:${index + 1}::/64` }]];
    const ipam = { type: 'host-local', dataDir: stateOf(host), ranges };
    runtimes.host(host).writeNetwork('10-ranges.conflist', weftNetwork('ranges', { ipam }));
    await runtimes.containerd(host).run('web', 'sh', '-c', `echo ${host} >/index.html; exec httpd -f -h /`);
    addresses.set(host, await containerAddresses(runtimes.containerd(host), 'web'));
  }
});

describe('containers on two hosts', () => {
  it('have addresses of the ranges of their hosts, which host-local knows of', () => {
    expect(addresses.get('node1')).toEqual([
      expect.stringMatching(/^10\.250\.1\.\d+$/),
      expect.stringMatching(/^fd00:250:0:1::/),
    ]);
    expect(addresses.get('node2')).toEqual([
      expect.stringMatching(/^10\.250\.2\.\d+$/),
      expect.stringMatching(/^fd00:250:0:2::/),
    ]);
    for (const host of hosts) expect(heldOn(host).sort()).toEqual(addresses.get(host));
  });

  it('reach each other across the hosts', async () => {
    const [v4 = '', v6 = ''] = addresses.get('node2') ?? [];
    for (const url of [`http://${v4}/`, `http://[${v6}]/`]) {
      const page = await waitFor(`${url} answers`, async () => {
        const { exitCode, stdout } = await runtimes.containerd('node1').exec('web', 'wget', '-qO-', url);
        return exitCode === 0 && stdout;
      });
      expect(page).toBe('node2');
    }
  });

  it('leave nothing, not in host-local either', async () => {
    for (const host of hosts) await runtimes.containerd(host).end('web');
    expect(await containerTraces(lab.name)).toEqual(before);
    for (const host of hosts) expect(heldOn(host)).toEqual([]);
  });

  it('leave nothing when they end while weftd is away', async () => {
    await runtimes.containerd('node1').run('web', 'sleep', '1000');
    await lab.killWeftd('node1');
    await runtimes.containerd('node1').end('web');
    expect(heldOn('node1')).toHaveLength(2);
    await restartDaemon(lab.name, 'node1');
    expect(await containerTraces(lab.name)).toEqual(before);
    expect(heldOn('node1')).toEqual([]);
  });

  it('leave nothing when there is no address left for one', async () => {
    const range = [{ subnet: '10.250.9.0/30' }];
    const ipam = { type: 'host-local', dataDir: stateOf('node1'), ranges: [range] };
    runtimes.host('node1').writeNetwork('10-ranges.conflist', weftNetwork('ranges', { ipam }));
    const containerd = runtimes.containerd('node1');
    // .1 is the gateway to host-local, so one address is left for containers.
    await containerd.run('last', 'sleep', '1000');
    const refused = await containerd.runToEnd('more', 'true');
    expect(refused.stderr).toMatch(/no IP addresses available in range set/);
    expect(refused.exitCode).not.toBe(0);
    await containerd.end('last');
    expect(await containerTraces(lab.name)).toEqual(before);
    expect(heldOn('node1')).toEqual([]);
  });
});
