/**
 * Hosts that come and go while a lab is up.
 */
import { rmSync } from 'node:fs';
import { createIpam } from '@weft/ipam';
import { waitForConvergence } from './convergence.ts';
import type { Installation } from './daemons.ts';
import { LabError } from './issues.ts';
import { changeLab } from './lock.ts';
import { hostFiles, namespaceOf, podName } from './names.ts';
import { pinNeighbours } from './neighbours.ts';
import { withStore } from './observe.ts';
import { plugPod, unplugPod } from './pods.ts';
import { endProcesses, processesIn } from './processes.ts';
import type { Progress } from './progress.ts';
import { startHost } from './start-host.ts';
import { type LabState, requireHost, requireState, writeState } from './state.ts';
import { type Host, type Topology, withHost } from './topology.ts';
import { createHostNamespace, removeHostNamespace } from './wiring.ts';

/**
 * Adds a host with its own weftd to the lab's only subnet, under the next free name unless one is given. Throws `LabError`,
 * with nothing left of the host.
 */
export function addNode(
  lab: string,
  name: string | undefined,
  pods: number,
  installation: Installation,
  progress: Progress,
): Promise<{ name: string; addresses: string[] }> {
  return changeLab(lab, async () => {
    const state = requireState(lab);
    const { host, topology } = grown(state, name, pods);
    progress(`adding ${host.name}`);
    writeState({ ...state, topology });
    try {
      await buildNode({ ...state, topology }, host, installation, progress);
    } catch (error) {
      progress(`taking back ${host.name}`);
      await takeOut(lab, host);
      throw error;
    }
    return { name: host.name, addresses: host.interfaces.flatMap(({ addresses }) => addresses) };
  });
}

function grown(state: LabState, name: string | undefined, pods: number): { topology: Topology; host: Host } {
  const added = withHost(state.topology, name, pods);
  if (added.ok) return added;
  const [issue] = added.issues;
  throw new LabError(
    issue?.reason ?? 'the host cannot be added',
    issue?.path ?? state.name,
    `see: weftctl lab status --name ${state.name}`,
  );
}

async function buildNode(
  { name: lab, topology, baseDirectory }: LabState,
  host: Host,
  installation: Installation,
  progress: Progress,
): Promise<void> {
  await createHostNamespace(lab, host);
  await pinNeighbours(lab, topology);
  await startHost(lab, topology, host, baseDirectory, installation);
  for (let ordinal = 1; ordinal <= host.pods; ordinal++)
    await plugPod(lab, host.name, podName(host.name, ordinal));
  await waitForConvergence(lab, progress);
}

/** Removes a host with its pods, its Node and its blocks. Throws `LabError`. */
export function removeNode(lab: string, name: string, progress: Progress): Promise<void> {
  return changeLab(lab, async () => {
    const host = requireHost(requireState(lab), name);
    progress(`removing ${name}`);
    await takeOut(lab, host);
  });
}

/**
 * The pods first, so that their addresses are given back, then the Node, so that the others close their sessions, and its
 * blocks, then the machine itself.
 */
async function takeOut(lab: string, host: Host): Promise<void> {
  for (const pod of requireState(lab).pods) if (pod.host === host.name) await unplugPod(lab, pod.name);
  await endProcesses(processesIn(namespaceOf(lab, host.name)));
  if (host.runs === 'weftd') await removeNodeResources(lab, host.name);
  await forget(lab, host);
}

async function removeNodeResources(lab: string, name: string): Promise<void> {
  const released = await withStore(lab, async (store) => {
    await store.delete({ kind: 'Node', name });
    return createIpam({ store, now: Date.now }).releaseHost(name);
  });
  if (released.kind === 'contention')
    throw new LabError(released.message, name, `try again: weftctl lab rm-node ${name} --name ${lab}`);
}

async function forget(lab: string, host: Host): Promise<void> {
  await removeHostNamespace(lab, host);
  rmSync(hostFiles(lab, host.name).directory, { recursive: true, force: true });
  const state = requireState(lab);
  const hosts = state.topology.hosts.filter((other) => other.name !== host.name);
  writeState({ ...state, topology: { ...state.topology, hosts } });
}
