/** The package as somebody who installs it finds it: plain JavaScript, types, a command, and nothing of weft beside it. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '..');
const node = process.execPath;
let project: string;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'bgp-speaker-package-'));
  const built = join(project, 'built');
  await execa(node, [join(import.meta.dirname, 'build-bgp-speaker.ts'), built]);
  const { stdout } = await execa('npm', ['pack', '--silent', '--pack-destination', project, built]);
  const installed = join(project, 'node_modules/bgp-speaker-ts');
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  mkdirSync(installed);
  await execa('tar', ['-xzf', join(project, stdout.trim()), '-C', installed, '--strip-components', '1']);
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
    symlinkSync(join(repository, 'node_modules', name), join(project, 'node_modules', name));
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('depends on nothing of weft', () => {
  const manifest = JSON.parse(
    readFileSync(join(project, 'node_modules/bgp-speaker-ts/package.json'), 'utf8'),
  );
  expect(Object.keys(manifest.dependencies)).toEqual(['koffi', 'yaml', 'zod']);
  expect(manifest.private).toBeUndefined();
});

const PROGRAM = `
import { address, BgpServer, prefix } from 'bgp-speaker-ts';

const peer = (port: number, own: string, other: string) => ({
  address: address(other), port, asn: 64512, localAddress: address(own), passive: false,
  families: ['ipv4-unicast'] as const, connectRetryTimeSeconds: 1,
  nextHop: 'auto' as const, nextHopAddresses: {}, importPolicy: [], exportPolicy: [],
});
const start = (own: string, port: number, other: string, otherPort: number, onRoute: () => void) => {
  const started = BgpServer.start({
    config: {
      asn: 64512, identifier: address(own), listen: [{ address: address(own), port }], holdTimeSeconds: 90,
      peers: [peer(otherPort, own, other)],
    },
    restarting: false,
    onAction: (action) => { if (action.kind === 'loc-rib-changed') onRoute(); },
  });
  if (started.kind !== 'started') throw new Error(started.message);
  return started.server;
};
const [portA, portB] = process.argv.slice(2).map(Number) as [number, number];
const speaker = start('127.0.0.41', portA, '127.0.0.42', portB, () => {});
const listener = start('127.0.0.42', portB, '127.0.0.41', portA, async () => {
  console.log(listener.locRib().map((route) => route.prefix).join(' '));
  await Promise.all([speaker.stop({ graceful: false }), listener.stop({ graceful: false })]);
});
speaker.setLocalRoutes([{ prefix: prefix('10.1.0.0/26') }]);
listener.setLocalRoutes([]);
`;

test('its types are whole, and a program that uses it gets a route from one speaker to another', async () => {
  writeFileSync(join(project, 'program.ts'), PROGRAM);
  const compilerOptions = {
    module: 'nodenext',
    target: 'esnext',
    strict: true,
    types: ['node'],
    outDir: 'out',
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  await execa(join(repository, 'node_modules/.bin/tsc'), ['-p', project], { cwd: project });
  const ports = [20_179, 20_180].map((port) => String(port + (process.pid % 5000)));
  const { stdout } = await execa(node, [join(project, 'out/program.js'), ...ports]);
  expect(stdout).toBe('10.1.0.0/26');
});

test('its command runs', async () => {
  const launcher = join(project, 'node_modules/bgp-speaker-ts/bin/bgp-speaker.js');
  const { stdout } = await execa(node, [launcher, 'version']);
  expect(stdout).toMatch(/^bgp-speaker \d+\.\d+\.\d+$/);
});
