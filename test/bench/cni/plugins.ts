/** The plugins that are compared, each with its configuration and its own host, called as a runtime calls them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { netnsPath } from '@weft/kernel';
import { buildWeftCni } from '../../../cmd/weft-cni/build.ts';

/** One of them, ready to be called. */
export interface Plugin {
  readonly name: 'weft' | 'bridge';
  readonly path: string;
  /** Name of the network namespace that is its host. */
  readonly host: string;
  readonly configuration: object;
  readonly environment: Readonly<Record<string, string>>;
}

/** weft's, for a host of a lab. */
export function weftPlugin(host: string, controlSocket: string): Plugin {
  return {
    name: 'weft',
    path: buildWeftCni(),
    host,
    configuration: { cniVersion: '1.0.0', name: 'pods', type: 'weft' },
    environment: { WEFT_CONTROL_SOCKET: controlSocket },
  };
}

/** Debian's bridge with host-local, as its own example has it. */
export function bridgePlugin(host: string, directory: string): Plugin {
  const ipam = {
    type: 'host-local',
    dataDir: join(directory, 'host-local'),
    ranges: [[{ subnet: '10.88.0.0/16' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const bridge = { type: 'bridge', bridge: 'cni0', isGateway: true, ipam };
  return {
    name: 'bridge',
    path: '/usr/lib/cni/bridge',
    host,
    configuration: { cniVersion: '1.0.0', name: 'pods', ...bridge },
    environment: {},
  };
}

/** Calls a plugin on its host and answers the milliseconds from fork to the end. Throws when it fails. */
export function timePlugin(
  { path, host, configuration, environment }: Plugin,
  command: 'ADD' | 'DEL',
  pod: string,
): number {
  const { status, stdout, output } = spawnSync('nsenter', [`--net=${netnsPath(host)}`, timer(), path], {
    input: JSON.stringify(configuration),
    env: {
      ...environment,
      PATH: process.env.PATH,
      CNI_COMMAND: command,
      CNI_CONTAINERID: pod,
      CNI_NETNS: netnsPath(pod),
      CNI_IFNAME: 'eth0',
      CNI_PATH: dirname(path),
    },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${path} ${command} ended with ${status}: ${stdout}`);
  return Number(output[3]) / 1e6;
}

const cache = join(import.meta.dirname, '../../../node_modules/.cache/weft');
let built: string | undefined;

/** The program that measures, so that nothing of Node's own time to start a process counts. */
function timer(): string {
  if (built === undefined) {
    mkdirSync(cache, { recursive: true });
    built = join(cache, 'timed-run');
    execFileSync('gcc', ['-O2', '-o', built, join(import.meta.dirname, 'timed-run.c')]);
  }
  return built;
}
