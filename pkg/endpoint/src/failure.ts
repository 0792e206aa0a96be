/**
 * Why an endpoint could not be plugged in or out, for programs (`kind`, `errno`) and for people (the other three).
 */
import type { Refusal } from '@weft/kernel';
import type { Step } from './plan.ts';
import type { EndpointSpec, SpecFault } from './spec.ts';

/** One cause each; `kernel-refused` is every refusal without a kind of its own. */
export type EndpointFailureKind =
  | SpecFault['kind']
  | 'netns-missing'
  | 'not-a-netns'
  | 'no-permission'
  | 'interface-exists'
  | 'host-interface-in-use'
  | 'route-conflict'
  | 'kernel-refused';

/** What happened, to which object, and what to do next. */
export interface EndpointFailure {
  readonly kind: EndpointFailureKind;
  /** What happened, without a final full stop. */
  readonly message: string;
  readonly object: string;
  /** What to do next, as a sentence. */
  readonly hint: string;
  /** The kernel's errno by name, where it was the kernel that refused. */
  readonly errno?: string;
}

const permissionHint =
  'Run as root, in a container with CAP_NET_ADMIN, CAP_SYS_ADMIN and a writable /proc/sys.';
const netnsHint =
  'Run as root, in a container with CAP_SYS_ADMIN, and with CAP_SYS_PTRACE for a namespace in /proc of a process.';
const permissionErrnos = ['EPERM', 'EACCES', 'EROFS'];

/** The container's namespace cannot be opened. */
export function netnsFailure(path: string, { errno }: Refusal): EndpointFailure {
  const object = path;
  if (permissionErrnos.includes(errno))
    return {
      kind: 'no-permission',
      message: 'no permission to enter the namespace',
      object,
      hint: netnsHint,
      errno,
    };
  if (errno === 'ENOENT')
    return {
      kind: 'netns-missing',
      message: 'there is no such network namespace',
      object,
      hint: 'Start the container first; if it has stopped, there is nothing to plug in.',
      errno,
    };
  if (errno === 'EINVAL')
    return {
      kind: 'not-a-netns',
      message: 'the path is not a network namespace',
      object,
      hint: 'Give a path like /run/netns/<name> or /proc/<pid>/ns/net.',
      errno,
    };
  return kernelFailure('open the network namespace', object, { errno });
}

/** The kernel refused a step. */
export function stepFailure(spec: EndpointSpec, step: Step, refusal: Refusal): EndpointFailure {
  const object =
    step.where === 'host' ? spec.hostInterface : `${spec.containerInterface} in ${spec.netns ?? 'the host'}`;
  if (step.change.op !== 'add-route' || refusal.errno !== 'EEXIST')
    return kernelFailure(step.purpose, object, refusal);
  return {
    kind: 'route-conflict',
    message: `there is another route to ${step.change.route.destination}, which weft did not write`,
    object,
    hint: 'See whose it is with `ip route`, and remove it or choose another address.',
    errno: refusal.errno,
  };
}

/** The kernel refused something that has no better name. */
export function kernelFailure(purpose: string, object: string, { errno, message }: Refusal): EndpointFailure {
  const denied = permissionErrnos.includes(errno);
  return {
    kind: denied ? 'no-permission' : 'kernel-refused',
    message: `the kernel refused to ${purpose}: ${errno}${message === undefined ? '' : ` (${message})`}`,
    object,
    hint: denied
      ? permissionHint
      : 'Try again; if it stays so, look for the cause with `ip -d link` and `dmesg`.',
    errno,
  };
}

/** The container has an interface of that name that is not this endpoint's. */
export function interfaceExists(spec: EndpointSpec): EndpointFailure {
  return {
    kind: 'interface-exists',
    message: `${spec.netns === undefined ? 'the host' : 'the container'} already has an interface ${spec.containerInterface}`,
    object: spec.netns ?? spec.hostInterface,
    hint: 'Choose another interface name, or remove the interface.',
  };
}

/** The host has something of that name that cannot be an endpoint's. */
export function hostInterfaceInUse(name: string, type: string): EndpointFailure {
  return {
    kind: 'host-interface-in-use',
    message: `the host has an interface of this name that is no veth but ${type === '' ? 'a device' : `a ${type}`}`,
    object: name,
    hint: 'Rename or remove it: names that begin with `cali` belong to workloads.',
  };
}
