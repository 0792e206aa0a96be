/** Addresses of an IPAM plugin: the real host-local of Debian's containernetworking-plugins. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { Containers, held } from './containers.ts';

const lab = useLab('t-cni-hl', smallTopology(2, 1));
const containers = new Containers(lab, ['c1', 'c2']);
const dataDir = mkdtempSync(join(tmpdir(), 'weft-host-local-'));
afterAll(() => rmSync(dataDir, { recursive: true }));

const done = { exitCode: 0, output: undefined };
const ranges = [[{ subnet: '10.77.0.0/29' }], [{ subnet: 'fd77::/120' }]];
const ipam = { type: 'host-local', dataDir, ranges, routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }] };
const more = { path: '/usr/lib/cni', configuration: { ipam } };

/** What is announced lies in pools; a disabled one has no addresses for weft's own IPAM to hand out. */
beforeAll(async () => {
  const file = join(dataDir, 'pools.json');
  const pool = (name: string, cidr: string) => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name },
    spec: { cidr, disabled: true },
  });
  const items = [pool('host-local-4', '10.77.0.0/24'), pool('host-local-6', 'fd77::/64')];
  writeFileSync(file, JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'List', items }));
  const { stderr, exitCode } = await weftctl('--lab', lab.name, 'apply', '-f', file);
  expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 });
});

/** What host-local holds. */
const reserved = (): string[] =>
  readdirSync(join(dataDir, 'net')).filter((name) => /^[0-9a-f]+[.:]/.test(name));

describe('host-local as IPAM', () => {
  it('gives a container addresses of both families, which the other host reaches, and takes them back', async () => {
    const before = await held(lab);
    const added = await containers.add('c1', '1', more);
    expect(added).toMatchObject({ exitCode: 0 });
    expect(added.output.ips).toEqual([
      { address: '10.77.0.2/32', interface: 1 },
      { address: 'fd77::2/128', interface: 1 },
    ]);
    expect(added.output.routes).toEqual([{ dst: '0.0.0.0/0' }, { dst: '::/0' }]);
    expect(reserved()).toHaveLength(2);
    expect((await held(lab)).addresses).toBe(before.addresses);
    for (const family of [4, 6] as const) {
      const address = await lab.addressOf('node2-pod1', family);
      await waitFor('the route back is announced', () => containers.pings('c1', address));
    }
    expect(await containers.add('c1', '1', more)).toEqual(added);
    expect(reserved()).toHaveLength(2);
    const check = { ...more, command: 'CHECK', configuration: { ipam, prevResult: added.output } };
    expect(await containers.add('c1', '1', check)).toEqual(done);
    for (let time = 0; time < 2; time++) expect(await containers.del('1', more)).toEqual(done);
    expect(reserved()).toEqual([]);
    expect(await held(lab)).toEqual(before);
  });

  it('is told when the container could not be plugged in after all', async () => {
    const refused = await containers.add('c1', '2', { ...more, netns: '/run/netns/t-cni-hl-none' });
    expect(refused).toMatchObject({ exitCode: 1, output: { code: 3 } });
    expect(reserved()).toEqual([]);
  });

  it('passes on what it refuses: a range that is full', async () => {
    const small = [[{ subnet: '10.78.0.0/30', rangeStart: '10.78.0.2', rangeEnd: '10.78.0.2' }]];
    const one = {
      path: '/usr/lib/cni',
      configuration: { ipam: { type: 'host-local', dataDir, ranges: small } },
    };
    expect(await containers.add('c1', '3', one)).toMatchObject({ exitCode: 0 });
    const refused = await containers.add('c2', '4', one);
    expect(refused).toMatchObject({
      exitCode: 1,
      output: { msg: expect.stringMatching(/^the IPAM plugin host-local: .*no IP addresses/) },
    });
    expect(await containers.del('4', one)).toEqual(done);
    expect(await containers.del('3', one)).toEqual(done);
    expect(reserved()).toEqual([]);
  });

  it('needs a range of Kubernetes for usePodCidr, and says so where there is none', async () => {
    const configuration = { ipam: { type: 'host-local', dataDir, subnet: 'usePodCidr' } };
    const refused = await containers.add('c1', '5', { path: '/usr/lib/cni', configuration });
    expect(refused).toMatchObject({
      exitCode: 1,
      output: { code: 7, msg: expect.stringMatching(/usePodCidr/) },
    });
    expect(await containers.del('5', { path: '/usr/lib/cni', configuration })).toEqual(done);
  });
});
