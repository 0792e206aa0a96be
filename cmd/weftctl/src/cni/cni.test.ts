import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildWeftCni } from '../../../weft-cni/build.ts';
import { Workbench } from '../../test/run.ts';
import { type Printed, printed } from '../../test/verbs.ts';
import { type InstallOptions, install } from './install.ts';
import { uninstall } from './uninstall.ts';

let host: Workbench;

beforeEach(() => {
  buildWeftCni();
  host = new Workbench();
  mkdirSync(host.path('net.d'));
});

afterEach(() => host.remove());

function options(): InstallOptions {
  return {
    binDir: host.path('bin'),
    confDir: host.path('net.d'),
    confName: '10-weft.conflist',
    network: 'k8s-pod-network',
  };
}

function installWith(
  more: Partial<InstallOptions> = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<Printed> {
  return printed(install({ ...options(), ...more }, environment));
}

function conflist(): unknown {
  return JSON.parse(readFileSync(host.path('net.d/10-weft.conflist'), 'utf8'));
}

/** Every file on the host that is no configuration of a test. */
function files(): string[] {
  return ['bin', 'net.d'].flatMap((name) =>
    existsSync(host.path(name)) ? readdirSync(host.path(name)) : [],
  );
}

const weft = { type: 'weft', capabilities: { ips: true, mac: true } };
const after = [
  { type: 'portmap', snat: true, capabilities: { portMappings: true } },
  { type: 'bandwidth', capabilities: { bandwidth: true } },
];
const calico = '{"name":"k8s-pod-network","plugins":[{"type":"calico"},{"type":"portmap"}]}';
const template =
  '{"name":"pods","cniVersion":"0.3.1","plugins":[{"type":"weft","mtu":__CNI_MTU__,"x":"__X__"}]}';

describe('cni install', () => {
  test('puts the plugin and a configuration where runtimes look', async () => {
    const { text, problems, notes } = await installWith();
    expect({ text, problems, notes }).toEqual({
      text: `Installed ${host.path('bin/weft')} and ${host.path('net.d/10-weft.conflist')}`,
      problems: '',
      notes: '',
    });
    expect(files()).toEqual(['weft', '10-weft.conflist']);
    expect(statSync(host.path('bin/weft')).mode & 0o777).toBe(0o755);
    expect(statSync(host.path('net.d/10-weft.conflist')).mode & 0o777).toBe(0o644);
    expect(readFileSync(host.path('bin/weft')).equals(readFileSync(buildWeftCni()))).toBe(true);
    expect(conflist()).toEqual({ name: 'k8s-pod-network', cniVersion: '1.0.0', plugins: [weft, ...after] });
  });

  test('of the network that is wanted', async () => {
    await installWith({ network: 'blue', mtu: 1400, ipv6: true });
    const ipam = { type: 'weft', assign_ipv4: 'true', assign_ipv6: 'true' };
    expect(conflist()).toMatchObject({
      name: 'blue',
      plugins: [{ type: 'weft', mtu: 1400, ipam }, ...after],
    });
    await installWith({ mtu: 0 });
    expect(conflist()).toMatchObject({ name: 'k8s-pod-network', plugins: [weft, ...after] });
  });

  test('replaces a plugin that runs, and that one goes on', async () => {
    await installWith();
    const before = statSync(host.path('bin/weft'));
    const running = spawn(host.path('bin/weft'), { env: { CNI_COMMAND: 'VERSION' } });
    const exited = once(running, 'exit');
    expect(await installWith()).toMatchObject({ problems: '' });
    expect(statSync(host.path('bin/weft')).ino).not.toBe(before.ino);
    running.stdin.end();
    expect(await exited).toEqual([0, null]);
    expect(files()).toEqual(['weft', '10-weft.conflist']);
  });

  test('fills a template from the environment', async () => {
    const file = host.file('template', template);
    await installWith({ template: file, mtu: 1450 }, { X: 'a "quoted" \\ name' });
    const filled = {
      name: 'pods',
      cniVersion: '0.3.1',
      plugins: [{ type: 'weft', mtu: 1450, x: 'a "quoted" \\ name' }],
    };
    expect(conflist()).toEqual(filled);
    await installWith({}, { CNI_NETWORK_CONFIG: template, CNI_MTU: '1500', X: '' });
    expect(conflist()).toMatchObject({ plugins: [{ mtu: 1500, x: '' }] });
  });

  test.each([
    [
      'a placeholder without a value',
      template,
      /has no value: __CNI_MTU__, __X__ in .*\n {2}Set CNI_MTU, X in/,
    ],
    ['no JSON', '{"name": ', /is not JSON/],
    ['no name', '{"plugins":[{"type":"weft"}]}', /no network configuration of weft/],
    ['no plugin of weft', calico, /no network configuration of weft.*\n.*"type": "weft"/],
  ])('refuses a template with %s', async (_, text, problem) => {
    const { problems } = await installWith({ template: host.file('template', text) });
    expect(problems).toMatch(problem);
    expect(problems).toMatch(/Nothing was changed\.$/);
    expect(files()).toEqual([]);
  });

  test.each([
    ['is missing', () => host.path('nothing'), /ENOENT/],
    ['is no program', () => host.file('text', 'x'), /EACCES/],
    ['is another program', () => '/bin/true', /JSON/],
  ])('refuses a plugin that %s', async (_, plugin, reason) => {
    const { problems } = await installWith({ plugin: plugin() });
    expect(problems).toMatch(/does not run on this machine: .*\n.*--plugin says where/);
    expect(problems).toMatch(reason);
    expect(files()).toEqual([]);
  });

  test('names a directory it cannot write into', async () => {
    host.file('bin', '');
    expect((await installWith()).problems).toMatch(/bin\/weft\n {2}.*EEXIST|ENOTDIR/);
    expect(readdirSync(host.path('net.d'))).toEqual([]);
  });
});

describe('the configuration of another CNI', () => {
  test('under the same name is never overwritten, nor removed', async () => {
    host.file('net.d/10-weft.conflist', calico);
    for (const { problems } of [await installWith(), await printed(uninstall(options()))]) {
      expect(problems).toMatch(
        /not weft's \(calico, portmap for network "k8s-pod-network"\): .*10-weft\.conflist\n.*Move it/,
      );
    }
    expect(files()).toEqual(['10-weft.conflist']);
    expect(conflist()).toEqual(JSON.parse(calico));
  });

  test.each(['10-calico.conflist', '05-x.conf', '00-y.json'])(
    '%s sorts before: nothing is installed',
    async (name) => {
      host.file(join('net.d', name), calico);
      const { problems } = await installWith();
      expect(problems).toMatch(
        new RegExp(`another CNI \\(calico, portmap .*${name}\n  Move it away.*Nothing was changed`),
      );
      expect(files()).toEqual([name]);
    },
  );

  test('that came later and sorts before is a note: the host keeps its plugin up to date', async () => {
    await installWith();
    host.file('net.d/00-multus.conf', '{"name":"multus","type":"multus"}');
    const { problems, notes } = await installWith({ mtu: 1400 });
    expect(problems).toBe('');
    expect(notes).toMatch(
      /00-multus\.conf \(multus for network "multus"\) stays\. .* use this one\. Move it away unless/,
    );
    expect(conflist()).toMatchObject({ plugins: [{ mtu: 1400 }, {}, {}] });
  });

  test('that sorts behind is a note', async () => {
    host.file('net.d/87-podman-bridge.conflist', '{"name":"podman","plugins":[{"type":"bridge"}]}');
    host.file('net.d/99-broken.conf', '{');
    host.file('net.d/README', '');
    const { problems, notes } = await installWith();
    expect(problems).toBe('');
    expect(notes.split('\n')).toEqual([
      expect.stringMatching(
        /87-podman-bridge\.conflist \(bridge for network "podman"\) stays.* use 10-weft\.conflist\.$/,
      ),
      expect.stringMatching(/99-broken\.conf \(no plugins\) stays/),
    ]);
  });
});

describe('cni uninstall', () => {
  test('removes both, once', async () => {
    await installWith();
    expect((await printed(uninstall(options()))).text).toMatch(
      /^Removed .*10-weft\.conflist and .*bin\/weft$/,
    );
    expect(files()).toEqual([]);
    expect((await printed(uninstall(options()))).text).toBe('Nothing is there to be removed');
  });

  test('leaves the plugin to another network of weft', async () => {
    await installWith();
    host.file('net.d/20-blue.conflist', '{"name":"blue","plugins":[{"type":"weft"}]}');
    const { text, notes } = await printed(uninstall(options()));
    expect(text).toBe(`Removed ${host.path('net.d/10-weft.conflist')}`);
    expect(notes).toMatch(/stays: .*20-blue\.conflist uses it/);
    expect(files()).toEqual(['weft', '20-blue.conflist']);
  });
});

describe('the command line', () => {
  test('takes its options, and from the environment what Calico knows by these names', async () => {
    const dirs = ['--bin-dir', host.path('bin'), '--conf-dir', host.path('net.d')];
    const installed = await host.run([
      'cni',
      'install',
      ...dirs,
      '--mtu',
      '1400',
      '--ipv6',
      '--network',
      'blue',
    ]);
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    expect(conflist()).toMatchObject({ name: 'blue', plugins: [{ mtu: 1400 }, {}, {}] });
    expect(await host.run(['cni', 'uninstall', ...dirs])).toMatchObject({ code: 0, stderr: '' });
    expect(files()).toEqual([]);
  });

  test.each([
    [['--mtu', 'big'], /number of bytes/],
    [['--conf-name', '../x'], /file name/],
    [['--template', 'x', '--network', 'y'], /cannot be used with/],
  ])('%j is a usage error', async (args, message) => {
    const { code, stderr } = await host.run(['cni', 'install', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
