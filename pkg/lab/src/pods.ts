/**
 * A lab's pods: empty namespaces that weftd of their host plugs in, by the call that the CNI plugin makes too.
 */
import { createHash } from 'node:crypto';
import { ControlClient } from '@weft/control';
import { type Address, familyOf, networkAddress, prefix } from '@weft/ip';
import { LabError } from './issues.ts';
import { changeLab } from './lock.ts';
import { hostFiles, namespaceOf, namespacePath, podName } from './names.ts';
import { withStore } from './observe.ts';
import { endProcesses, processesIn } from './processes.ts';
import { requireHost, requireState, writeState } from './state.ts';
import { createPodNamespace, removeNamespace } from './wiring.ts';

/** A pod that is plugged in. */
export interface PluggedPod {
  readonly name: string;
  readonly host: string;
  readonly addresses: readonly Address[];
}

/** Plugs one more pod into a host, under the next free name. Throws `LabError`; a refused pod leaves nothing. */
export function addPod(lab: string, host: string): Promise<PluggedPod> {
  return changeLab(lab, () => {
    const state = requireState(lab);
    const { runs } = requireHost(state, host);
    if (runs !== 'weftd')
      throw new LabError(`a host that runs ${runs} cannot have pods`, host, 'choose a host that runs weftd');
    const taken = new Set(state.pods.map((pod) => pod.name));
    let ordinal = 1;
    while (taken.has(podName(host, ordinal))) ordinal++;
    return plugPod(lab, host, podName(host, ordinal));
  });
}

/** Makes a pod's namespace and has the host's weftd plug it in. For the holder of the lab's lock. */
export async function plugPod(lab: string, host: string, name: string): Promise<PluggedPod> {
  const families = await poolFamilies(lab, name);
  createPodNamespace(lab, name);
  try {
    const { addresses } = await new ControlClient(hostFiles(lab, host).controlSocket).attachEndpoint(name, {
      containerId: containerIdOf(lab, name),
      netns: namespacePath(namespaceOf(lab, name)),
      interfaceName: 'eth0',
      orchestrator: 'lab',
      workload: name,
      families,
    });
    const state = requireState(lab);
    writeState({ ...state, pods: [...state.pods, { name, host }] });
    return { name, host, addresses: addresses.map(withoutLength) };
  } catch (error) {
    await giveUp(lab, host, name);
    throw error;
  }
}

/** A daemon that plugged the pod in although no answer came has to take it out again; one that is away cannot. */
async function giveUp(lab: string, host: string, name: string): Promise<void> {
  const daemon = new ControlClient(hostFiles(lab, host).controlSocket);
  await daemon.detachEndpoint(name).catch(() => undefined);
  removeNamespace(namespaceOf(lab, name));
}

/** A pod has an address of each family there is a pool of. */
async function poolFamilies(lab: string, pod: string): Promise<('ipv4' | 'ipv6')[]> {
  const { items } = await withStore(lab, (store) => store.list('IPPool'));
  const usable = items.filter(({ spec }) => !spec.disabled && spec.allowedUses.includes('Workload'));
  const families = new Set(usable.map(({ spec }) => (familyOf(spec.cidr) === 4 ? 'ipv4' : 'ipv6')));
  if (families.size === 0) {
    const hint = `add one: \`pools\` in the topology, or weftctl --lab ${lab} apply -f POOL`;
    throw new LabError('the lab has no pool to take an address from', pod, hint);
  }
  return [...families].sort();
}

// As runtimes have them: 64 hex digits, whose first eleven name the interface on the host.
function containerIdOf(lab: string, pod: string): string {
  return createHash('sha256').update(`${lab}/${pod}`).digest('hex');
}

function withoutLength(text: string): Address {
  return networkAddress(prefix(text));
}

/** Unplugs a pod, which gives its addresses back, and removes its namespace. Throws `LabError`. */
export function removePod(lab: string, name: string): Promise<void> {
  return changeLab(lab, () => unplugPod(lab, name));
}

/** `removePod` for the holder of the lab's lock. */
export async function unplugPod(lab: string, name: string): Promise<void> {
  const pod = requireState(lab).pods.find((candidate) => candidate.name === name);
  if (pod === undefined)
    throw new LabError(`there is no such pod in lab ${lab}`, name, `see: weftctl lab status --name ${lab}`);
  await new ControlClient(hostFiles(lab, pod.host).controlSocket).detachEndpoint(name);
  const namespace = namespaceOf(lab, name);
  await endProcesses(processesIn(namespace));
  removeNamespace(namespace);
  const state = requireState(lab);
  writeState({ ...state, pods: state.pods.filter((other) => other.name !== name) });
}
