/** FelixConfiguration is acted on while everything runs, by what `weftctl apply` writes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addPod } from '@weft/lab';
import { afterAll, describe, expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-felix', smallTopology(2, 1));
const directory = mkdtempSync(join(tmpdir(), 'weft-felix-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Applies a FelixConfiguration as a user does. */
async function apply(name: string, spec: object): Promise<void> {
  const file = join(directory, 'felix.json');
  const resource = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'FelixConfiguration',
    metadata: { name },
    spec,
  };
  writeFileSync(file, JSON.stringify(resource));
  const { exitCode, stderr } = await weftctl('--lab', lab.name, 'apply', '-f', file);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
}

/** The routes of a host to its own workloads. */
async function workloadRoutes(host: string): Promise<string[]> {
  return (await lab.routes(host, 'proto', 'weft')).filter((route) => / dev (cali|pod)/.test(route));
}

describe('FelixConfiguration', () => {
  it('changes metric and source of the routes to workloads, on the node it names alone', async () => {
    await apply('default', { ipv4NormalRoutePriority: 2000 });
    await apply('node.node1', { ipv4NormalRoutePriority: 3000, deviceRouteSourceAddress: '10.0.0.1' });
    await waitFor(
      'node1 has routes of metric 3000 with a source, and no others',
      async () => {
        const routes = (await workloadRoutes('node1')).filter((route) => !route.includes('pref'));
        return (
          routes.length === 1 && /src 10\.0\.0\.1 .*metric 3000|metric 3000.* src 10/.test(routes[0] ?? '')
        );
      },
      20_000,
    );
    await waitFor(
      'node2 has routes of metric 2000 alone',
      async () => {
        const routes = (await workloadRoutes('node2')).filter((route) => !route.includes('pref'));
        return routes.length === 1 && routes[0]?.includes('metric 2000');
      },
      20_000,
    );
    expect(await lab.pings('node1-pod1', await lab.addressOf('node2-pod1'))).toBe(true);
  });

  it('names the interfaces of new pods; those that are there stay as they are', async () => {
    await apply('node.node2', { interfacePrefix: 'pod,cali' });
    const before = await workloadRoutes('node2');
    const pod = await waitFor('a pod with an interface of the new name', async () => {
      const added = await addPod(lab.name, 'node2');
      return (await workloadRoutes('node2')).some((route) => / dev pod/.test(route)) ? added : undefined;
    });
    const after = await workloadRoutes('node2');
    expect(after).toEqual(expect.arrayContaining(before));
    expect(await lab.pings('node1-pod1', String(pod.addresses[0]))).toBe(true);
  });

  it('opens and closes the port of metrics', async () => {
    const scrape = () => lab.run('node1', 'curl', '-sf', '--max-time', '5', 'http://127.0.0.1:9091/metrics');
    await apply('default', { prometheusMetricsEnabled: true, prometheusMetricsHost: '127.0.0.1' });
    const page = await waitFor('metrics are answered', () => scrape().catch(() => undefined), 20_000, 50);
    expect(page).toContain('weft_ready 1');
    await apply('default', { prometheusMetricsEnabled: false });
    await waitFor(
      'nobody answers any more',
      () =>
        scrape().then(
          () => false,
          () => true,
        ),
      20_000,
      50,
    );
  });
});
