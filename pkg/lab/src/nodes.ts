/**
 * Hosts that come and go while a lab is up.
 */
import { rmSync } from 'node:fs';
import { createIpam, hostOwner } from '@weft/ipam';
import { waitForConvergence } from './convergence.ts';
import type { Installation } from './daemons.ts';
import { LabError } from './issues.ts';
import { hostFiles, namespaceOf, podName } from './names.ts';
import { pinNeighbours } from './neighbours.ts';
import { withStore } from './observe.ts';
import { plugPod, removePod } from './pods.ts';
import { endProcesses, processesIn } from './processes.ts';
import type { Progress } from './progress.ts';
import { startHost } from './start-host.ts';
import { requireState, writeState } from './state.ts';
import { type Host, withHost } from './topology.ts';
import { createHostNamespace, removeNamespace } from './wiring.ts';

/** Adds a host with its own weftd to the lab's only subnet, under the next free name unless one is given. */
export async function addNode(
  lab: string,
  name: string | undefined,
  pods: number,
  installation: Installation,
  progress: Progress,
): Promise<{ name: string; addresses: string[] }> {
  const state = requireState(lab);
  const added = withHost(state.topology, name, pods);
  if (!added.ok) {
    const [first] = added.issues;
    throw new LabError(
      first?.reason ?? 'the host cannot be added',
      first?.path ?? lab,
      'see: weftctl lab status',
    );
  }
  progress(`adding ${added.host.name}`);
  writeState({ ...state, topology: added.topology });
  try {
    await createHostNamespace(lab, added.host);
    await pinNeighbours(lab, added.topology);
    await startHost(lab, added.topology, added.host, state.baseDirectory, installation);
  } catch (error) {
    await forget(lab, added.host);
    throw error;
  }
  for (let ordinal = 1; ordinal <= pods; ordinal++) {
    await plugPod(lab, added.host.name, podName(added.host.name, ordinal));
  }
  await waitForConvergence(lab, progress);
  return { name: added.host.name, addresses: added.host.interfaces.flatMap(({ addresses }) => addresses) };
}

/**
 * Removes a host: its pods first, so that their addresses are given back, then its Node and blocks, so that the others
 * close their sessions, then the machine itself.
 */
export async function removeNode(lab: string, name: string, progress: Progress): Promise<void> {
  const state = requireState(lab);
  const host = state.topology.hosts.find((candidate) => candidate.name === name);
  if (host === undefined)
    throw new LabError('there is no such host in the lab', name, 'see: weftctl lab status');
  progress(`unplugging the pods of ${name}`);
  for (const pod of state.pods.filter((candidate) => candidate.host === name)) await removePod(lab, pod.name);
  progress(`removing ${name}`);
  await endProcesses(processesIn(namespaceOf(lab, name)));
  if (host.runs === 'weftd') await removeNodeResources(lab, name);
  await forget(lab, host);
}

async function removeNodeResources(lab: string, name: string): Promise<void> {
  await withStore(lab, async (store) => {
    const ipam = createIpam({ store, now: Date.now });
    const { items } = await store.list('BlockAffinity');
    for (const { spec } of items.filter((affinity) => affinity.spec.node === name)) {
      await ipam.releaseAffinity({ owner: hostOwner(name), cidr: spec.cidr, requireEmpty: false });
    }
    await store.delete({ kind: 'Node', name });
  });
}

async function forget(lab: string, host: Host): Promise<void> {
  await endProcesses(processesIn(namespaceOf(lab, host.name)));
  removeNamespace(namespaceOf(lab, host.name));
  rmSync(hostFiles(lab, host.name).directory, { recursive: true, force: true });
  const state = requireState(lab);
  const hosts = state.topology.hosts.filter((other) => other.name !== host.name);
  writeState({ ...state, topology: { ...state.topology, hosts } });
}
