/** What cannot be done is said with the code of the specification, and nothing is left behind. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveLab } from '@weft/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CniCall } from '../harness/cni-call.ts';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';
import { Containers, held } from './containers.ts';

const lab = useLab('t-cni-bad', smallTopology(1, 1));
const containers = new Containers(lab, ['c1', 'c2']);
const directory = mkdtempSync(join(tmpdir(), 'weft-cni-bad-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'file');
const tiny = join(directory, 'tiny.yaml');

let before: object;
beforeAll(async () => {
  writeFileSync(file, '');
  const pool = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name: 'tiny' },
    spec: { cidr: '10.99.0.0/32', blockSize: 32, nodeSelector: 'all()' },
  };
  writeFileSync(tiny, JSON.stringify(pool));
  expect(await weftctl('--lab', lab.name, 'apply', '-f', tiny)).toMatchObject({ exitCode: 0 });
  expect(
    await containers.add('c2', 'f', { configuration: { ipam: { ipv4_pools: ['tiny'] } } }),
  ).toMatchObject({ exitCode: 0 });
  before = await held(lab);
});
afterAll(() => containers.del('f'));

const taken = '10.99.0.0';
const rows: readonly [string, Partial<CniCall>, number, RegExp][] = [
  ['garbage on standard input', { configuration: '{{' }, 6, /cannot be decoded/],
  ['nothing on standard input', { configuration: '' }, 6, /empty/],
  ['a version that is not spoken', { configuration: { cniVersion: '9.0.0' } }, 1, /9\.0\.0/],
  ['no name', { configuration: { name: undefined } }, 7, /name/],
  ['a value of another type', { configuration: { mtu: 'large' } }, 7, /mtu/],
  ['an MTU too small for IPv6', { configuration: { mtu: 576, ipam: { assign_ipv6: true } } }, 7, /MTU/],
  [
    'a namespace that is not there',
    { netns: '/run/netns/t-cni-bad-none' },
    3,
    /no such network namespace.*t-cni-bad-none/,
  ],
  ['a namespace that is a file', { netns: file }, 4, /CNI_NETNS.*not a network namespace.*file/],
  ['the namespace of the host', { netns: '/proc/self/ns/net' }, 4, /CNI_NETNS is .* of the host itself/],
  [
    'an interface that the container has',
    { interfaceName: 'lo' },
    4,
    /CNI_IFNAME.*already has an interface lo/,
  ],
  ['a pool that is not there', { configuration: { ipam: { ipv4_pools: ['none'] } } }, 101, /none/],
  ['a pool that is full', { configuration: { ipam: { ipv4_pools: ['tiny'] } } }, 101, /\w+/],
  ['an address that is taken', { args: `IP=${taken}` }, 101, /10\.99\.0\.0/],
  ['an address of no pool', { args: 'IP=192.0.2.1' }, 101, /192\.0\.2\.1/],
  [
    'an IPAM plugin that is not there',
    { configuration: { ipam: { type: 'no-such' } }, path: '/usr/lib/cni' },
    7,
    /no IPAM plugin "no-such" on CNI_PATH/,
  ],
  [
    'an IPAM plugin by its path',
    { configuration: { ipam: { type: '../../bin/true' } }, path: '/usr/lib/cni' },
    7,
    /no IPAM plugin/,
  ],
];

describe('an ADD with', () => {
  it.each(rows)('%s is refused', async (_, call, code, msg) => {
    const refused = await containers.add('c1', '1', call);
    expect(refused).toMatchObject({
      exitCode: 1,
      output: {
        cniVersion: expect.stringMatching(/^1\./),
        code,
        msg: expect.stringMatching(msg),
        details: expect.stringMatching(/\w+ \w+/),
      },
    });
    expect(await held(lab)).toEqual(before);
    expect(await containers.run('c1', 'ip', '-o', 'link')).not.toContain('eth0');
    // The runtime takes out what it could not put in.
    const del = await containers.add('c1', '1', { ...call, command: 'DEL', netns: '' });
    expect([0, code]).toContain(del.exitCode === 0 ? 0 : del.output.code);
  });

  it('a body that is too long is refused without reading it as a call', async () => {
    const { hosts } = await resolveLab(lab.name);
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        { socketPath: hosts[0]?.controlSocket, method: 'POST', path: '/v1/cni' },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.on('error', reject);
      sent.end(Buffer.alloc(1024 * 1024 + 1, 'x'));
    });
    expect(status).toBe(413);
  });
});
