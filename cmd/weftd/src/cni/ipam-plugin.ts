/**
 * IPAM plugins such as `host-local`: started by weftd in the runtime's place, with the runtime's variables and configuration.
 *
 * Source: CNI specification, section 4, "Plugin delegation"; `usePodCidr`: Calico.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Call,
  type CniError,
  type Command,
  cniError,
  decodeResult,
  ERROR_CODE,
  isCniError,
  type Result,
  type SpecVersion,
} from '@weft/cni';

/** How long one may take; less than what weftd has for an answer. */
const TIME_MS = 20_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Which plugin, and the call that is passed on to it. */
export interface IpamCall {
  readonly type: string;
  readonly command: Exclude<Command, 'VERSION'>;
  readonly version: SpecVersion;
  readonly call: Call;
  /** What the words `usePodCidr` and `usePodCidrIPv6` stand for, by family. */
  readonly podCidrs: readonly string[];
}

/** Calls the plugin; the result of ADD, nothing for other commands. Its own errors are passed on. */
export async function callIpamPlugin(ipam: IpamCall): Promise<Result | CniError | undefined> {
  const { call, command, podCidrs, type, version } = ipam;
  const program = findPlugin(type, call.environment.CNI_PATH ?? '');
  if (isCniError(program)) return program;
  const stdin = withPodCidrs(call.stdin, podCidrs);
  if (isCniError(stdin)) return stdin;
  const { failure, stdout } = await run(program, { ...call.environment, CNI_COMMAND: command }, stdin);
  const output = parse(stdout);
  if (failure !== undefined) return failed(type, output, failure);
  if (command !== 'ADD') return undefined;
  return decodeResult(output, version, `the result of ${type}`);
}

/** The first executable of that name on CNI_PATH. */
function findPlugin(type: string, path: string): string | CniError {
  const directories = path.split(':').filter((directory) => directory.startsWith('/'));
  const isName = /^[^/]+$/.test(type) && type !== '.' && type !== '..';
  const found = isName && directories.map((directory) => join(directory, type)).find(isExecutable);
  if (found) return found;
  return cniError(
    ERROR_CODE.invalidConfiguration,
    `there is no IPAM plugin ${JSON.stringify(type)} on CNI_PATH ${JSON.stringify(path)}`,
    'Install it there where weftd sees it, too, or set ipam.type to "weft".',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // whatever the reason, it cannot be run
  }
}

interface Finished {
  /** How it ended, unless it succeeded. */
  readonly failure: string | undefined;
  readonly stdout: string;
}

function run(
  program: string,
  environment: Readonly<Record<string, string>>,
  stdin: string,
): Promise<Finished> {
  const env = { PATH: process.env.PATH, ...environment };
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [],
      { env, timeout: TIME_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        const why =
          error && `${error.killed ? `no end within ${TIME_MS / 1000} s` : error.message} ${stderr}`.trim();
        resolve({ failure: why ?? undefined, stdout });
      },
    );
    // One that does not read its input is told apart by how it ends.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}

function parse(stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined; // said by whoever needs it
  }
}

function failed(type: string, output: unknown, failure: string): CniError {
  const { code, details, msg } = (output ?? {}) as { code?: unknown; msg?: unknown; details?: unknown };
  if (typeof code === 'number' && typeof msg === 'string')
    return cniError(code, `the IPAM plugin ${type}: ${msg}`, typeof details === 'string' ? details : '');
  return cniError(
    ERROR_CODE.internal,
    `the IPAM plugin ${type} failed: ${failure}`,
    'Run it by hand with the same configuration to see why.',
  );
}

/** Subnets that are to be those of the node, wherever `host-local` reads one. */
function withPodCidrs(stdin: string, podCidrs: readonly string[]): string | CniError {
  if (!usesPodCidr(stdin)) return stdin;
  const cidr4 = podCidrs.find((cidr) => !cidr.includes(':'));
  const cidr6 = podCidrs.find((cidr) => cidr.includes(':'));
  const missing = new Set<string>();
  const replaced = JSON.stringify(JSON.parse(stdin), (key, value) => {
    if (key !== 'subnet' || (value !== 'usePodCidr' && value !== 'usePodCidrIPv6')) return value;
    const cidr = value === 'usePodCidr' ? cidr4 : cidr6;
    if (cidr === undefined) missing.add(value);
    return cidr ?? value;
  });
  if (missing.size === 0) return replaced;
  return cniError(
    ERROR_CODE.invalidConfiguration,
    `${[...missing].join(' and ')} in ipam: Kubernetes has given this node no such range`,
    'See spec.podCIDRs of the Node, and --allocate-node-cidrs of kube-controller-manager.',
  );
}

/** Whether the configuration asks for the node's own range. */
export function usesPodCidr(stdin: string): boolean {
  return stdin.includes('"usePodCidr');
}

/** What stands for the node's range when it does not matter: `host-local` frees by container, not by range. Source: Calico */
export const ANY_POD_CIDRS: readonly string[] = ['0.0.0.0/0', '::/0'];
