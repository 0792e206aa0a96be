/**
 * How a lab's parts are called on the machine: namespaces, links and files, all found again by the lab's name.
 */
import { join } from 'node:path';

/** Where labs keep their state; one directory each. */
export const labsDirectory = '/run/weft/lab';

/** The namespace that holds the bridges of a lab's segments. No host is called that: `nameIssue` sees to it. */
const switchName = 'switch';

/** The namespace of a host or pod: `weft.LAB.NAME`, as `ip netns` lists it. */
export function namespaceOf(lab: string, member: string): string {
  return `weft.${lab}.${member}`;
}

/** The namespace that holds the lab's bridges. */
export function switchNamespace(lab: string): string {
  return namespaceOf(lab, switchName);
}

/** Tells a lab's namespaces from everybody else's. */
export function isNamespaceOf(lab: string, namespace: string): boolean {
  return namespace.startsWith(`weft.${lab}.`);
}

/** The lab a namespace belongs to, or undefined when it belongs to none. */
export function labOfNamespace(namespace: string): string | undefined {
  const [weft, lab, member] = namespace.split('.');
  return weft === 'weft' && member !== undefined ? lab : undefined;
}

/** The file under which a namespace is known to the whole machine. */
export function namespacePath(namespace: string): string {
  return `/run/netns/${namespace}`;
}

/** The switch's end of a host's link. At most 15 characters, the kernel's limit: `nameIssue` sees to it. */
export function portName(host: string, interfaceIndex: number): string {
  return `${host}.${interfaceIndex}`;
}

/** The pods of a host are `HOST-pod1`, `HOST-pod2` … */
export function podName(host: string, ordinal: number): string {
  return `${host}-pod${ordinal}`;
}

/** A lab's files. */
export function labFiles(lab: string): {
  directory: string;
  state: string;
  lock: string;
  datastore: string;
  etcdSocket: string;
  etcdLog: string;
} {
  const directory = join(labsDirectory, lab);
  return {
    directory,
    state: join(directory, 'lab.json'),
    lock: join(directory, 'lock'),
    datastore: join(directory, 'datastore.db'),
    etcdSocket: join(directory, 'etcd', 'etcd:0'),
    etcdLog: join(directory, 'etcd', 'etcd.log'),
  };
}

/** Where a host keeps things. */
export interface HostFiles {
  readonly directory: string;
  readonly controlSocket: string;
  readonly ipamJournal: string;
  /** What happened there. */
  readonly record: string;
  /** What CNI plugins leave for a daemon that is away. */
  readonly cniSpool: string;
  /** The name that the daemon keeps. */
  readonly nodename: string;
  /** Of the daemon. */
  readonly log: string;
}

/** A host's files, its configuration in `directory` among them. */
export function hostFiles(lab: string, host: string): HostFiles {
  const directory = join(labsDirectory, lab, 'hosts', host);
  return {
    directory,
    controlSocket: join(directory, 'weftd.sock'),
    ipamJournal: join(directory, 'ipam-journal.db'),
    record: join(directory, 'record'),
    cniSpool: join(directory, 'cni-spool'),
    nodename: join(directory, 'nodename'),
    log: join(directory, 'daemon.log'),
  };
}

// An interface name has 15 characters: 12 for the host, a dot, and up to 99 interfaces.
const longestHostName = 12;
const longestLabName = 24;

/** Why a name cannot be used for a lab, a host or a pod; undefined when it can. */
export function nameIssue(what: 'lab' | 'host', name: string): string | undefined {
  const longest = what === 'lab' ? longestLabName : longestHostName;
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    return `${what} name ${JSON.stringify(name)} must be lower-case letters, digits and inner dashes`;
  }
  if (name.length > longest) {
    return `${what} name ${name} has ${name.length} characters, at most ${longest} fit${what === 'host' ? ' into the name of its interface' : ''}`;
  }
  if (what === 'host' && name === switchName) return `${switchName} is the name of the lab's own switch`;
  return what === 'host' && /-pod\d+$/.test(name) ? `names like ${name} are those of pods` : undefined;
}

/** Why a name cannot be an interface's (a subnet is a bridge of its name); undefined when it can. */
export function interfaceNameIssue(name: string): string | undefined {
  if (name === 'lo') return 'lo is the loopback interface, a subnet cannot have its name';
  if (name.length > 15)
    return `subnet name ${name} has ${name.length} characters, an interface takes at most 15`;
  return /^[a-z0-9][a-z0-9-]*$/.test(name)
    ? undefined
    : `subnet name ${JSON.stringify(name)} must be lower-case letters, digits and dashes`;
}
