/**
 * This node's Node object: its addresses, and the mark that weftd runs it. Made when there is none (but in Kubernetes,
 * where it is the kubelet's), updated when it says something else; whatever others wrote into it stays.
 */
import { detectAddress, type LocalFacts, WEFT_DAEMON_ANNOTATION } from '@weft/calc';
import type { Datastore } from '@weft/datastore';
import { type Family, familyOf, parseAddress, parseInterfaceAddress } from '@weft/ip';
import { apiVersion, type Node } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import type { Options } from './options.ts';
import { StartupError } from './startup-error.ts';
import { version } from './version.ts';

const attempts = 10;

/** Writes the Node. Throws `StartupError` when no address can be found or the store keeps refusing. */
export async function registerNode(
  store: Datastore,
  options: Options,
  facts: LocalFacts,
  log: Logger,
): Promise<void> {
  const addresses = chooseAddresses(options, facts, log);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const current = await store.get({ kind: 'Node', name: options.nodeName });
    const wanted = withAddresses(current ?? emptyNode(options.nodeName), addresses);
    if (current === undefined && options.datastore.type === 'kubernetes') throw noSuchNode(options.nodeName);
    if (current !== undefined && JSON.stringify(wanted) === JSON.stringify(current)) return;
    const outcome = current === undefined ? await store.create(wanted) : await store.update(wanted);
    if (outcome.kind === 'written') return;
  }
  throw new StartupError(
    'the Node object changes faster than it can be written',
    `Node ${options.nodeName}`,
    'look for another program that writes it',
  );
}

/** A Node of Kubernetes is made by its kubelet; a daemon that made another would be nobody's. */
function noSuchNode(nodeName: string): StartupError {
  return new StartupError(
    'Kubernetes has no Node of that name',
    `Node ${nodeName}`,
    'give --node-name the name that `kubectl get nodes` shows for this machine',
  );
}

interface NodeAddresses {
  readonly ipv4Address?: string;
  readonly ipv6Address?: string;
}

function emptyNode(name: string): Node {
  return { apiVersion, kind: 'Node', metadata: { name }, spec: {} };
}

/** A family that has no address here keeps what the object says: somebody may have put it there by hand. */
function withAddresses(node: Node, addresses: NodeAddresses): Node {
  const annotations = { ...node.metadata.annotations, [WEFT_DAEMON_ANNOTATION]: version };
  return {
    ...node,
    metadata: { ...node.metadata, annotations },
    spec: { ...node.spec, bgp: { ...node.spec.bgp, ...addresses } },
  };
}

function chooseAddresses({ ip, ip6, nodeName }: Options, facts: LocalFacts, log: Logger): NodeAddresses {
  const ipv4Address = chooseAddress(4, ip, facts, log);
  const ipv6Address = chooseAddress(6, ip6, facts, log);
  if (ipv4Address === undefined && ipv6Address === undefined) {
    throw new StartupError(
      'this node has no address that others could reach',
      `node ${nodeName}`,
      'give an interface an address, or name one: --ip ADDRESS',
    );
  }
  return {
    ...(ipv4Address === undefined ? {} : { ipv4Address }),
    ...(ipv6Address === undefined ? {} : { ipv6Address }),
  };
}

function chooseAddress(family: Family, wanted: string, facts: LocalFacts, log: Logger): string | undefined {
  if (wanted === 'none') return undefined;
  if (wanted !== 'autodetect') return explicitAddress(family, wanted, facts);
  const detected = detectAddress(facts, family);
  log.info('node-address-detected', detected.reason, {
    family,
    ...(detected.kind === 'found' ? { address: detected.address } : {}),
  });
  return detected.kind === 'found' ? detected.address : undefined;
}

/** A bare address takes the prefix length of the interface that has it. */
function explicitAddress(family: Family, text: string, facts: LocalFacts): string {
  const withLength = text.includes('/')
    ? text
    : (lengthOnInterface(text, facts) ?? `${text}/${family === 4 ? 32 : 128}`);
  const parsed = parseInterfaceAddress(withLength);
  const hint = `write it as ${family === 4 ? '10.0.0.1/24' : 'fd00::1/64'}, or autodetect, or none`;
  if (!parsed.ok) throw new StartupError(parsed.reason, text, hint);
  if (familyOf(parsed.value.address) !== family)
    throw new StartupError(`not an IPv${family} address`, text, hint);
  return withLength;
}

function lengthOnInterface(text: string, { interfaces }: LocalFacts): string | undefined {
  const wanted = parseAddress(text);
  if (!wanted.ok) return undefined;
  return interfaces
    .flatMap(({ addresses }) => addresses)
    .find((address) => address.startsWith(`${wanted.value}/`));
}
