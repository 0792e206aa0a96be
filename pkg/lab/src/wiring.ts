/**
 * Builds and removes a lab's cables: one namespace a host, one more with a bridge a subnet, a veth a host interface.
 *
 * Every link is made inside the lab's namespaces (both ends at once), so the machine's own namespace never sees one.
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import { parseInterfaceAddress } from '@weft/ip';
import { type Change, createNetns, deleteNetns, type Kernel, listNetns, openKernel } from '@weft/kernel';
import { LabError } from './issues.ts';
import { isNamespaceOf, namespaceOf, namespacePath, portName, switchNamespace } from './names.ts';
import type { Host, HostInterface, Subnet } from './topology.ts';

/** Makes the namespace with the lab's bridges, one for each subnet. */
export async function createSwitch(lab: string, subnets: readonly Subnet[]): Promise<void> {
  createNetns(switchNamespace(lab));
  await withKernel(switchNamespace(lab), (kernel) => {
    for (const subnet of subnets) {
      applyAll(kernel, [{ op: 'add-bridge', name: subnet.name }], `subnet ${subnet.name}`);
      applyAll(
        kernel,
        [{ op: 'set-link', index: indexOf(kernel, subnet.name), up: true }],
        `subnet ${subnet.name}`,
      );
    }
    // The bridges only switch: with an address of its own the lab's switch would be a host.
    kernel.writeSysctl('net/ipv6/conf/all/disable_ipv6', '1');
  });
}

/** Makes a host's namespace, its interfaces with their cables into the switch, its addresses and its routes. */
export async function createHostNamespace(lab: string, host: Host): Promise<void> {
  const namespace = namespaceOf(lab, host.name);
  createNetns(namespace);
  await withKernel(namespace, (kernel) => {
    prepareHost(kernel);
    applyAll(kernel, [{ op: 'set-link', index: indexOf(kernel, 'lo'), up: true }], host.name);
  });
  for (const [index, hostInterface] of host.interfaces.entries()) {
    await plugCable(lab, host.name, index, hostInterface);
  }
  await withKernel(namespace, (kernel) => configureHost(kernel, host));
}

/**
 * Unplugs a host's cables at the switch and removes its namespace. The kernel takes a namespace apart in its own time, and not before
 * the last process lets go of it; until then the ports would keep their names from a host that is made again.
 */
export async function removeHostNamespace(lab: string, host: Host): Promise<void> {
  await withKernel(switchNamespace(lab), (kernel) => {
    const ports = new Set(host.interfaces.map((_, index) => portName(host.name, index)));
    const cables = kernel.links().filter(({ name }) => ports.has(name));
    applyAll(
      kernel,
      cables.map(({ index }) => ({ op: 'delete-link', index })),
      host.name,
    );
  });
  removeNamespace(namespaceOf(lab, host.name));
}

/** Makes an empty namespace for a pod; weftd of its host plugs it in. */
export function createPodNamespace(lab: string, pod: string): void {
  createNetns(namespaceOf(lab, pod));
}

/** Removes one namespace of the lab, with all links that end in it. No error when there is none. */
export function removeNamespace(namespace: string): void {
  if (existsSync(namespacePath(namespace))) deleteNetns(namespace);
}

/** The namespaces of a lab that are there now, whatever its state file says. */
export function namespacesOf(lab: string): string[] {
  return listNetns().filter((namespace) => isNamespaceOf(lab, namespace));
}

/** Opens the kernel of a namespace for the time of one call. */
export async function withKernel<T>(namespace: string, use: (kernel: Kernel) => T): Promise<T> {
  const kernel = await openKernel({ netns: namespacePath(namespace) });
  try {
    return use(kernel);
  } finally {
    kernel.close();
  }
}

function prepareHost(kernel: Kernel): void {
  // Hosts of a lab forward (routers that run BIRD need it too), do not wait for duplicate address detection, and
  // keep their IPv6 addresses while a cable is out, as a host with a network manager does.
  kernel.writeSysctl('net/ipv4/ip_forward', '1');
  kernel.writeSysctl('net/ipv6/conf/all/forwarding', '1');
  for (const scope of ['all', 'default']) {
    kernel.writeSysctl(`net/ipv6/conf/${scope}/accept_dad`, '0');
    kernel.writeSysctl(`net/ipv6/conf/${scope}/keep_addr_on_down`, '1');
  }
}

async function plugCable(
  lab: string,
  host: string,
  index: number,
  hostInterface: HostInterface,
): Promise<void> {
  const hostFd = openSync(namespacePath(namespaceOf(lab, host)), 'r');
  try {
    await withKernel(switchNamespace(lab), (kernel) => {
      const port = portName(host, index);
      const mtu = hostInterface.mtuBytes === undefined ? {} : { mtuBytes: hostInterface.mtuBytes };
      const peer = { name: hostInterface.name, netnsFd: hostFd, ...mtu };
      applyAll(
        kernel,
        [{ op: 'add-veth', host: { name: port, ...mtu }, peer }],
        `${host} ${hostInterface.name}`,
      );
      const masterIndex = indexOf(kernel, hostInterface.subnet);
      applyAll(
        kernel,
        [{ op: 'set-link', index: indexOf(kernel, port), masterIndex, up: true }],
        `${host} ${port}`,
      );
    });
  } finally {
    closeSync(hostFd);
  }
}

function configureHost(kernel: Kernel, host: Host): void {
  for (const hostInterface of host.interfaces) {
    const interfaceIndex = indexOf(kernel, hostInterface.name);
    const object = `${host.name} ${hostInterface.name}`;
    applyAll(kernel, [{ op: 'set-link', index: interfaceIndex, up: true }], object);
    applyAll(
      kernel,
      hostInterface.addresses.map((text) => addressChange(interfaceIndex, text)),
      object,
    );
  }
  applyAll(
    kernel,
    host.routes.map(({ to, via }) => staticRoute(to, via)),
    `${host.name} routes`,
  );
}

function addressChange(interfaceIndex: number, text: string): Change {
  const parsed = parseInterfaceAddress(text);
  if (!parsed.ok) throw new LabError(parsed.reason, text, 'correct the topology');
  const { address, prefixLength } = parsed.value;
  return { op: 'add-address', address: { interfaceIndex, address, prefixLength, scope: 'global' } };
}

const mainTable = 254;
const staticProtocol = 4;

function staticRoute(to: Host['routes'][number]['to'], via: Host['routes'][number]['via']): Change {
  return {
    op: 'add-route',
    route: {
      table: mainTable,
      destination: to,
      metric: 0,
      type: 'unicast',
      protocol: staticProtocol,
      scope: 'global',
      nextHops: [{ gateway: via }],
    },
  };
}

function indexOf(kernel: Kernel, name: string): number {
  const link = kernel.links().find((candidate) => candidate.name === name);
  if (link === undefined)
    throw new LabError('an interface of the lab is gone', name, 'bring the lab down and up again');
  return link.index;
}

function applyAll(kernel: Kernel, changes: readonly Change[], object: string): void {
  for (const [index, result] of kernel.apply(changes).entries()) {
    if (result === null) continue;
    const what = `the kernel refused ${changes[index]?.op}: ${result.errno}${result.message === undefined ? '' : ` (${result.message})`}`;
    throw new LabError(what, object, 'correct the topology, or bring the lab down and up again');
  }
}
