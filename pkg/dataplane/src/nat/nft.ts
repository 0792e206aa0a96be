/**
 * The door to nftables: the `nft` program, by its JSON. Every call is one process of some milliseconds.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { DROP_COUNTERS, type DropKind, NAT_TABLE, type NftCommand } from './ruleset.ts';

/** What is there of weft's table. */
export type TableListing =
  | {
      readonly kind: 'present';
      /** In the kernel's order, without what differs at each writing and what packets change; equal tables are equal text. */
      readonly content: string;
      readonly dropped: DroppedPackets;
    }
  | { readonly kind: 'absent' }
  | NftFailure;

/** What a table has dropped since it was written, in packets. */
export type DroppedPackets = Readonly<Record<DropKind, number>>;

/** Why nft could not do it: what happened and what to do. */
export interface NftFailure {
  readonly kind: 'failed';
  readonly reason: string;
}

/** What the loop needs of nftables. */
export interface Nft {
  /** Carries out commands in one transaction: all, or none and the reason. */
  apply(commands: readonly NftCommand[]): Promise<NftFailure | undefined>;
  /** Reads weft's table. */
  list(): Promise<TableListing>;
}

const timeoutMilliseconds = 10_000;

/** The nft of this machine, in the network namespace of this process. */
export const systemNft: Nft = nftBy([]);

/** @param prefix words before `nft`, such as those of nsenter(1) */
export function nftBy(prefix: readonly string[]): Nft {
  return {
    async apply(commands) {
      const fd = nameless(JSON.stringify({ nftables: commands }));
      if (typeof fd !== 'number') return fd;
      try {
        return (await run(prefix, ['-j', '-f', `/proc/${process.pid}/fd/${fd}`])).failure;
      } finally {
        closeSync(fd);
      }
    },
    async list() {
      const list = ['-j', 'list', 'table', NAT_TABLE.family, NAT_TABLE.name];
      const { failure, stdout } = await run(prefix, list);
      if (failure === undefined) return present(stdout);
      return /No such file or directory/.test(failure.reason) ? { kind: 'absent' } : failure;
    },
  };
}

/**
 * The descriptor of a file without a name that holds the text. Made in one go, so that none is left by whatever ends this
 * process. Standard input does not do: nft opens /dev/stdin, which cannot be where that is a socket, as every pipe of
 * Node's to a child is. A disk that is full is a failure like any other of nft's, to be tried again.
 */
function nameless(text: string): number | NftFailure {
  const path = join(tmpdir(), `weft-nft-${randomUUID()}`);
  let fd: number | undefined;
  try {
    fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    writeFileSync(fd, text);
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    const reason = `its commands cannot be written below ${tmpdir()}: ${(error as Error).message}`;
    return { kind: 'failed', reason };
  }
}

interface Counter {
  readonly name: string;
  readonly packets: number;
}

function present(listing: string): TableListing {
  const { nftables } = JSON.parse(listing) as { nftables: { counter?: Counter }[] };
  const content = JSON.stringify(nftables, (key, value) =>
    key === 'handle' || key === 'packets' || key === 'bytes' ? undefined : value,
  );
  return {
    kind: 'present',
    content,
    dropped: droppedPackets(nftables.flatMap(({ counter }) => counter ?? [])),
  };
}

function droppedPackets(counters: readonly Counter[]): DroppedPackets {
  const packetsOf = (kind: DropKind): number =>
    counters.find(({ name }) => name === DROP_COUNTERS[kind])?.packets ?? 0;
  return {
    'spoofed-sources-dropped': packetsOf('spoofed-sources-dropped'),
    'workload-tunnels-dropped': packetsOf('workload-tunnels-dropped'),
    'foreign-vxlan-dropped': packetsOf('foreign-vxlan-dropped'),
  };
}

interface Run {
  readonly failure?: NftFailure;
  readonly stdout: string;
}

async function run(prefix: readonly string[], args: readonly string[]): Promise<Run> {
  const [program = 'nft', ...rest] = [...prefix, 'nft', ...args];
  const result = await execa(program, rest, {
    stdin: 'ignore',
    reject: false,
    timeout: timeoutMilliseconds,
    env: { LC_ALL: 'C' },
  });
  if (!result.failed) return { stdout: result.stdout };
  return { stdout: '', failure: describe(result) };
}

interface FailedRun {
  readonly code?: string | undefined;
  readonly stderr?: string | undefined;
  readonly shortMessage?: string | undefined;
}

function describe(result: FailedRun): NftFailure {
  if (result.code === 'ENOENT') {
    const reason = 'there is no program nft on this host; install the package nftables';
    return { kind: 'failed', reason };
  }
  const said = result.stderr?.trim().split('\n', 1)[0] || result.shortMessage || 'it does not say why';
  return { kind: 'failed', reason: `nft refused: ${said}` };
}
