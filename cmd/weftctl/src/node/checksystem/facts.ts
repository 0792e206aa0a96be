/** What this host says about itself. Everything is read from files; nothing is sent, loaded or changed. */
import { accessSync, constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { delimiter, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Everything the checks look at; what cannot be found out is undefined. */
export interface SystemFacts {
  /** As `uname -r` prints it. */
  readonly kernelRelease: string;
  readonly modules: KernelModules;
  /** The programs among `PROGRAMS` that were found, with their paths. */
  readonly programs: ReadonlyMap<string, string>;
  /** Keys below /proc/sys, as paths, and what they say; keys that do not exist are absent. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Whether weftd could write to /proc/sys. */
  readonly sysctlsWritable: boolean;
  /** Bits of the effective capabilities. */
  readonly capabilities: bigint | undefined;
  /** Who listens on TCP port 179: a program's name, empty when that cannot be told; undefined when nobody does. */
  readonly bgpListener: string | undefined;
  readonly clock: { readonly now: number; readonly synchronized: boolean | undefined };
}

/** Where a kernel feature may be found. */
export interface KernelModules {
  /** Names with underscores: loaded, or built in with a place in /sys. */
  readonly present: ReadonlySet<string>;
  /** Built in or loadable, according to the module directory; undefined when there is none. */
  readonly listed: ReadonlySet<string> | undefined;
  /** `CONFIG_VETH` → `y` or `m`; undefined when the kernel does not tell its configuration. */
  readonly config: ReadonlyMap<string, string> | undefined;
}

const PROGRAMS = ['ip', 'nft', 'iptables', 'conntrack'] as const;

/** The keys the checks look at. */
export const SYSCTLS = {
  forwarding4: 'net/ipv4/ip_forward',
  forwarding6: 'net/ipv6/conf/all/forwarding',
  rpFilter: 'net/ipv4/conf/all/rp_filter',
  disableIpv6: 'net/ipv6/conf/all/disable_ipv6',
  conntrackCount: 'net/netfilter/nf_conntrack_count',
  conntrackMax: 'net/netfilter/nf_conntrack_max',
  inotifyInstances: 'fs/inotify/max_user_instances',
  inotifyWatches: 'fs/inotify/max_user_watches',
} as const;

/** Looks around; `kernelConfig` names the kernel's configuration file where it does not lie in one of the usual places. */
export function readFacts(kernelConfig?: string): SystemFacts {
  const kernelRelease = release();
  return {
    kernelRelease,
    modules: readModules(kernelRelease, kernelConfig),
    programs: findPrograms(process.env.PATH ?? ''),
    sysctls: new Map(
      Object.values(SYSCTLS).flatMap((key) => {
        const text = readText(join('/proc/sys', key));
        return text === undefined ? [] : [[key, text.trim()]];
      }),
    ),
    sysctlsWritable: isWritable(join('/proc/sys', SYSCTLS.forwarding4)),
    capabilities: capabilitiesOf(readText('/proc/self/status')),
    bgpListener: readBgpListener(),
    clock: { now: Date.now(), synchronized: readSynchronized() },
  };
}

function readModules(kernelRelease: string, kernelConfig: string | undefined): KernelModules {
  const loaded = (readText('/proc/modules') ?? '').split('\n').map((line) => line.split(' ')[0] ?? '');
  const directory = join('/lib/modules', kernelRelease);
  const lists = ['modules.builtin', 'modules.dep'].flatMap((name) => readText(join(directory, name)) ?? []);
  return {
    present: new Set([...loaded, ...entriesOf('/sys/module')]),
    listed: lists.length === 0 ? undefined : new Set(lists.flatMap(modulesIn)),
    config: readKernelConfig(kernelConfig ? [kernelConfig] : configPlaces(kernelRelease)),
  };
}

/** Where distributions keep the configuration. */
function configPlaces(kernelRelease: string): string[] {
  return ['/proc/config.gz', `/boot/config-${kernelRelease}`, `/lib/modules/${kernelRelease}/config`];
}

/** The names in `modules.dep` or `modules.builtin`: `kernel/drivers/net/veth.ko.xz: …` is `veth`. */
export function modulesIn(list: string): string[] {
  return [...list.matchAll(/([^/\n]+)\.ko(?:\.\w+)?(?::.*)?$/gm)].map(([, name = '']) =>
    name.replaceAll('-', '_'),
  );
}

function readKernelConfig(paths: readonly string[]): Map<string, string> | undefined {
  for (const path of paths) {
    const bytes = readBytes(path);
    if (bytes === undefined) continue;
    const text = (isCompressed(bytes) ? gunzipSync(bytes) : bytes).toString('latin1');
    return new Map(
      [...text.matchAll(/^(CONFIG_\w+)=([ym])$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
  }
  return undefined;
}

function isCompressed(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Administrators' programs lie where the PATH of others does not lead. */
function findPrograms(path: string): Map<string, string> {
  const directories = [...path.split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return new Map(
    PROGRAMS.flatMap((name) => {
      const found = directories.map((directory) => join(directory, name)).find(isExecutable);
      return found === undefined ? [] : [[name, found]];
    }),
  );
}

function capabilitiesOf(status: string | undefined): bigint | undefined {
  const [, bits] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status ?? '') ?? [];
  return bits === undefined ? undefined : BigInt(`0x${bits}`);
}

/** State 0A is LISTEN, port 00B3 is 179; the tenth field is the socket's inode. */
function readBgpListener(): string | undefined {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readText(path) ?? '');
  const inodes = tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => local.endsWith(':00B3') && state === '0A')
    .map((fields) => fields[9] ?? '');
  return inodes[0] === undefined ? undefined : nameOfHolder(inodes[0]);
}

function nameOfHolder(inode: string): string {
  const pids = entriesOf('/proc').filter((name) => /^\d+$/.test(name));
  const holder = pids.find((pid) =>
    entriesOf(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`),
  );
  if (holder === undefined) return '';
  const words = (readText(`/proc/${holder}/cmdline`) ?? '').split('\0');
  // A daemon that runs in an interpreter is known by its script.
  return words.some((word) => /(^|\/)weftd(\/|\.mjs$|$)/.test(word))
    ? 'weftd'
    : (readText(`/proc/${holder}/comm`) ?? '').trim();
}

/** systemd-timesyncd leaves a mark; other programs do not, and then nothing is known. */
function readSynchronized(): boolean | undefined {
  return readBytes('/run/systemd/timesync/synchronized') === undefined ? undefined : true;
}

function readText(path: string): string | undefined {
  return readBytes(path)?.toString('utf8');
}

function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // It is not there, or not for us: nothing is known.
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // Its process ended while we looked.
  }
}

function isExecutable(path: string): boolean {
  return isAllowed(path, constants.X_OK);
}

function isWritable(path: string): boolean {
  return isAllowed(path, constants.W_OK);
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
