/**
 * Plugs endpoints in and out: finds out what is there, carries out the plan, and takes it back when a step fails.
 *
 * Plugging in is synchronous, so nothing else of this process sees an endpoint half made.
 */
import { networkAddress } from '@weft/ip';
import {
  type InterfaceIndex,
  type Kernel,
  KernelError,
  type Link,
  type Route,
  routeSatisfies,
} from '@weft/kernel';
import {
  type EndpointFailure,
  hostInterfaceInUse,
  interfaceExists,
  kernelFailure,
  netnsFailure,
  stepFailure,
} from './failure.ts';
import { type EndpointState, planEndpoint, planPair, type Step } from './plan.ts';
import { type EndpointSpec, hostRoutesOf, refuseSpec } from './spec.ts';

/** An endpoint that is plugged in. */
export interface PluggedEndpoint {
  readonly kind: 'plugged';
  /** False when its interfaces were there before and were put in order. */
  readonly created: boolean;
  /** Of the host's interface, in the host's namespace. */
  readonly hostIndex: InterfaceIndex;
  /** Of the container's interface. */
  readonly containerMac: string;
}

/**
 * Plugs a workload in. Doing it again with the same spec is safe and repairs what is missing. A veth of the same name
 * that leads elsewhere (to a container that is gone) is replaced.
 *
 * @param host the kernel of the host's namespace
 * @returns a failure leaves nothing behind; an endpoint that was there before stays as far as it could be repaired
 */
export function plugEndpoint(host: Kernel, spec: EndpointSpec): PluggedEndpoint | EndpointFailure {
  const fault = refuseSpec(spec);
  if (fault !== undefined) return fault;
  try {
    return spec.netns === undefined ? plugHostEnd(host, spec) : plugInto(host, spec, spec.netns);
  } catch (error) {
    return unreadable(spec, error);
  }
}

function plugInto(host: Kernel, spec: EndpointSpec, netns: string): PluggedEndpoint | EndpointFailure {
  const opened = host.openNetns(netns);
  if (opened.kind === 'refused') return netnsFailure(netns, opened);
  try {
    return plugBetween(host, opened.kernel, spec);
  } finally {
    opened.kernel.close();
  }
}

/** Both ends are made on the host, where the container's waits to be moved; later only the host's is to be found here. */
function plugHostEnd(host: Kernel, spec: EndpointSpec): PluggedEndpoint | EndpointFailure {
  const hostLink = host.link(spec.hostInterface);
  if (hostLink !== undefined)
    return hostLink.type === 'veth'
      ? configure(host, host, spec, true)
      : hostInterfaceInUse(hostLink.name, hostLink.type);
  if (host.link(spec.containerInterface) !== undefined) return interfaceExists(spec);
  return create(host, host, spec);
}

/** A kernel that cannot be read is one more failure to the caller. */
function unreadable({ hostInterface }: Pick<EndpointSpec, 'hostInterface'>, error: unknown): EndpointFailure {
  if (!(error instanceof KernelError)) throw error;
  return kernelFailure('show what is there', hostInterface, { errno: error.code, message: error.message });
}

function plugBetween(host: Kernel, container: Kernel, spec: EndpointSpec): PluggedEndpoint | EndpointFailure {
  const hostLink = host.link(spec.hostInterface);
  const containerLink = container.link(spec.containerInterface);
  if (hostLink !== undefined && hostLink.type !== 'veth')
    return hostInterfaceInUse(hostLink.name, hostLink.type);
  if (containerLink !== undefined) {
    const found = hostLink !== undefined && leadsTo(host, hostLink, container, containerLink);
    return found ? configure(host, container, spec, true) : interfaceExists(spec);
  }
  if (hostLink !== undefined) host.apply([{ op: 'delete-link', index: hostLink.index }]);
  return create(host, container, spec);
}

/** Indexes count per namespace, so the namespace has to be the same too. */
function leadsTo(host: Kernel, hostLink: Link, container: Kernel, containerLink: Link): boolean {
  return (
    hostLink.peerIndex === containerLink.index && hostLink.peerNetnsId === host.netnsIdOf(container.netnsFd)
  );
}

function create(host: Kernel, container: Kernel, spec: EndpointSpec): PluggedEndpoint | EndpointFailure {
  const failure = carryOut(host, container, spec, [planPair(spec, container.netnsFd)]);
  if (failure !== undefined) return failure;
  let plugged = false;
  try {
    const result = configure(host, container, spec, false);
    plugged = result.kind === 'plugged';
    return result;
  } finally {
    if (!plugged) takeBack(host, spec.hostInterface);
  }
}

/** Both interfaces go with one, and with them everything that was written on them. */
function takeBack(host: Kernel, hostInterface: string): void {
  const link = host.link(hostInterface);
  if (link !== undefined) host.apply([{ op: 'delete-link', index: link.index }]);
}

function configure(
  host: Kernel,
  container: Kernel,
  spec: EndpointSpec,
  found: boolean,
): PluggedEndpoint | EndpointFailure {
  const state = readState(host, container, spec, found);
  const failure = carryOut(host, container, spec, planEndpoint(spec, state));
  if (failure !== undefined) return failure;
  // Linux takes note of a carrier in the background, and drops what an interface sends before; whoever reads the link
  // makes it take note at once (since Linux 6.8).
  host.link(spec.hostInterface);
  container.link(spec.containerInterface);
  return {
    kind: 'plugged',
    created: !found,
    hostIndex: state.host.index,
    containerMac: state.containerMac,
  };
}

function readState(host: Kernel, container: Kernel, spec: EndpointSpec, found: boolean): EndpointState {
  const hostLink = mustBe(host.link(spec.hostInterface), spec.hostInterface);
  const isRouted = (wanted: Route): boolean => {
    const actual = host.lookup(networkAddress(wanted.destination));
    return actual !== undefined && routeSatisfies(actual, wanted);
  };
  // Once somebody else has moved it, it is not to be found here any more, and the spec says its MAC.
  const containerLink = container.link(spec.containerInterface);
  return {
    host: hostLink,
    container: spec.netns === undefined ? undefined : mustBe(containerLink, spec.containerInterface),
    containerMac: spec.mac ?? mustBe(containerLink, spec.containerInterface).mac,
    found,
    routed: found
      ? hostRoutesOf(spec, hostLink.index)
          .filter(isRouted)
          .map(({ destination }) => destination)
      : [],
  };
}

/** The link was there a moment ago; somebody took it away since. */
function mustBe(link: Link | undefined, name: string): Link {
  if (link === undefined) throw new KernelError(`the interface ${name} has disappeared`, 'ENODEV');
  return link;
}

/** Carries out the steps in order, those of one side that follow each other in one go; stops after the first failure. */
function carryOut(
  host: Kernel,
  container: Kernel,
  spec: EndpointSpec,
  steps: readonly Step[],
): EndpointFailure | undefined {
  for (const run of runsOf(steps)) {
    const kernel = run[0]?.where === 'host' ? host : container;
    const results = kernel.apply(run.map(({ change }) => change));
    for (const [index, step] of run.entries()) {
      const refusal = results[index];
      if (refusal && !isTolerated(step, refusal.errno)) return stepFailure(spec, step, refusal);
    }
  }
  return undefined;
}

function runsOf(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = [];
  for (const step of steps) {
    const run = runs.at(-1);
    if (run?.[0]?.where === step.where) run.push(step);
    else runs.push([step]);
  }
  return runs;
}

function isTolerated({ tolerated }: Step, errno: string): boolean {
  return tolerated === 'any' || tolerated.includes(errno);
}

/** What became of an endpoint that had to go. */
export type UnpluggedEndpoint = { readonly kind: 'unplugged' } | { readonly kind: 'absent' };

/**
 * Takes the pair of interfaces away; routes and neighbours go with it. Doing it again is safe.
 *
 * @returns `absent` when there was nothing to do
 */
export async function unplugEndpoint(
  host: Kernel,
  spec: Pick<EndpointSpec, 'hostInterface'>,
): Promise<UnpluggedEndpoint | EndpointFailure> {
  try {
    return await removePair(host, spec.hostInterface);
  } catch (error) {
    return unreadable(spec, error);
  }
}

async function removePair(host: Kernel, hostInterface: string): Promise<UnpluggedEndpoint | EndpointFailure> {
  const link = host.link(hostInterface);
  if (link === undefined) return { kind: 'absent' };
  if (link.type !== 'veth') return hostInterfaceInUse(hostInterface, link.type);
  const refusal = await host.removeLink(link.index);
  if (refusal === null) return { kind: 'unplugged' };
  return refusal.errno === 'ENODEV'
    ? { kind: 'absent' }
    : kernelFailure('delete the interface', hostInterface, refusal);
}
