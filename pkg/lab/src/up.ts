/**
 * `lab up`: from a topology to hosts that run, pods that are plugged in and routes that have converged.
 *
 * Either the whole lab is there in the end or nothing of it: a step that fails takes back those before it.
 */
import type { Resource } from '@weft/resources';
import { waitForConvergence } from './convergence.ts';
import type { Installation } from './daemons.ts';
import { startDatastore } from './datastore.ts';
import { clearLab, removeLab } from './down.ts';
import { LabError } from './issues.ts';
import { whileLocked } from './lock.ts';
import { podName } from './names.ts';
import { pinNeighbours } from './neighbours.ts';
import { plugPod } from './pods.ts';
import { requireLabName, requirePrograms, requireRoot } from './preconditions.ts';
import type { Progress } from './progress.ts';
import { checkResources, writeResources } from './resources.ts';
import { startHost } from './start-host.ts';
import { readState, requireState, writeState } from './state.ts';
import type { Topology } from './topology.ts';
import { createHostNamespace, createSwitch, namespacesOf } from './wiring.ts';

export interface UpRequest {
  readonly name: string;
  readonly topology: Topology;
  /** Where the topology's relative paths start. */
  readonly baseDirectory: string;
}

/** Builds a lab and waits until its routes have converged. Throws `LabError`, with nothing left behind. */
export async function up(request: UpRequest, installation: Installation, progress: Progress): Promise<void> {
  const { name, topology } = request;
  requireLabName(name);
  requireRoot(name);
  requirePrograms(topology);
  const resources = checkResources(topology);
  await whileLocked(name, async () => {
    await makeRoom(name, progress);
    try {
      writeState({ name, phase: 'creating', topology, baseDirectory: request.baseDirectory, pods: [] });
      await build(request, resources, installation, progress);
    } catch (error) {
      progress('taking back what was made');
      await removeLab(name, () => {});
      throw error;
    }
  });
}

async function build(
  { name, topology, baseDirectory }: UpRequest,
  resources: readonly Resource[],
  installation: Installation,
  progress: Progress,
): Promise<void> {
  progress(`wiring ${topology.hosts.length} hosts`);
  await createSwitch(name, topology.subnets);
  await startDatastore(name, topology);
  await writeResources(name, topology, resources);
  for (const host of topology.hosts) await createHostNamespace(name, host);
  await pinNeighbours(name, topology);
  progress('starting daemons');
  await Promise.all(
    topology.hosts.map((host) => startHost(name, topology, host, baseDirectory, installation)),
  );
  const podCount = topology.hosts.reduce((sum, host) => sum + host.pods, 0);
  progress(`plugging in ${podCount} pods`);
  for (const host of topology.hosts) {
    for (let ordinal = 1; ordinal <= host.pods; ordinal++)
      await plugPod(name, host.name, podName(host.name, ordinal));
  }
  await waitForConvergence(name, progress);
  writeState({ ...requireState(name), phase: 'up' });
}

/** A lab of that name that stands is an error; what a crash left of one is removed. */
async function makeRoom(name: string, progress: Progress): Promise<void> {
  const state = readState(name);
  if (state?.phase === 'up') {
    throw new LabError(
      'a lab of that name exists',
      name,
      `remove it (weftctl lab down --name ${name}) or choose another: --name NAME`,
    );
  }
  if (state === undefined && namespacesOf(name).length === 0) return;
  progress(`removing what an interrupted run left of lab ${name}`);
  await clearLab(name, () => {});
}
