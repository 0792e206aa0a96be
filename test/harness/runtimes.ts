/**
 * Container runtimes on the hosts of a lab: there before the tests of one file, gone after them, whatever became of them.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { buildWeftCni } from '../../cmd/weft-cni/build.ts';
import { Containerd } from './containerd.ts';
import { writeBusyboxImage } from './image.ts';
import { Podman } from './podman.ts';
import { RuntimeHost } from './runtime-host.ts';
import type { TestLab } from './test-lab.ts';

/** What the hosts of a lab have beside their weftd. */
export interface RuntimesSpec {
  readonly hosts: readonly string[];
  readonly containerd?: boolean;
  readonly podman?: boolean;
  /** CNI network configuration lists by file name. `ctr` takes the first one, Podman the one that is named. */
  readonly networks: Readonly<Record<string, object>>;
}

/** Starts the runtimes before the tests of this file. To be called after `useLab`, whose lab they are part of. */
export function useRuntimes(lab: TestLab, spec: RuntimesSpec): Runtimes {
  const runtimes = new Runtimes();
  const folder = mkdtempSync(join(tmpdir(), 'weft-image-'));
  beforeAll(async () => {
    const image = await writeBusyboxImage(folder);
    for (const host of spec.hosts) await runtimes.start(lab.name, host, spec, image);
  });
  afterAll(async () => {
    await runtimes.stop();
    rmSync(folder, { recursive: true });
  });
  return runtimes;
}

/** The runtimes of a lab, by host. */
export class Runtimes {
  readonly #hosts = new Map<string, RuntimeHost>();
  readonly #containerds = new Map<string, Containerd>();
  readonly #podmans = new Map<string, Podman>();

  /** The files and namespaces that a host's runtimes have. */
  host(host: string): RuntimeHost {
    return found(this.#hosts, host);
  }

  containerd(host: string): Containerd {
    return found(this.#containerds, host);
  }

  podman(host: string): Podman {
    return found(this.#podmans, host);
  }

  /** Starts what one host is to have. */
  async start(lab: string, name: string, spec: RuntimesSpec, image: string): Promise<void> {
    const host = await RuntimeHost.open(lab, name);
    this.#hosts.set(name, host);
    copyFileSync(buildWeftCni(), join(host.pluginDirectory, 'weft'));
    for (const [file, network] of Object.entries(spec.networks)) host.writeNetwork(file, network);
    if (spec.containerd) this.#containerds.set(name, await Containerd.start(host, image));
    if (spec.podman) this.#podmans.set(name, await Podman.prepare(host, image));
  }

  /** Ends and removes everything; throws afterwards what did not go well. */
  async stop(): Promise<void> {
    const runtimes = [...this.#containerds.values(), ...this.#podmans.values()];
    const stopped = await Promise.allSettled(runtimes.map((runtime) => runtime.stop()));
    const closed = await Promise.allSettled([...this.#hosts.values()].map((host) => host.close()));
    const failed = [...stopped, ...closed].filter((result) => result.status === 'rejected');
    if (failed.length > 0) throw new AggregateError(failed.map(({ reason }) => reason));
  }
}

function found<T>(parts: ReadonlyMap<string, T>, host: string): T {
  const part = parts.get(host);
  if (part === undefined) throw new Error(`${host} has none; there are: ${[...parts.keys()].join(', ')}`);
  return part;
}
