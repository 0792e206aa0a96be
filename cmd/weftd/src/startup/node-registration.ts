/**
 * This node's Node object: its addresses, its AS number, and the mark that weftd runs it. Made when there is none (but in
 * Kubernetes, where it is the kubelet's), updated when it says something else; whatever others wrote into it stays.
 */
import { type LocalFacts, WEFT_DAEMON_ANNOTATION } from '@weft/calc';
import { CONTROL_ADDRESS_ANNOTATION } from '@weft/control';
import { type Datastore, DatastoreError } from '@weft/datastore';
import { type Address, type Family, parseAddress, parseInterfaceAddress } from '@weft/ip';
import { apiVersion, type Node } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import { announcedAddress } from '../control/remote.ts';
import type { Options } from '../options.ts';
import { StartupError } from '../startup-error.ts';
import { version } from '../version.ts';
import { type AddressSetting, type ChosenAddress, chooseAddress, isDetected } from './node-address.ts';
import { packetSource } from './packet-source.ts';

const ATTEMPTS = 10;

/** What a registration works on. */
export interface RegistrationOptions {
  readonly options: Options;
  readonly store: Datastore;
  readonly facts: () => LocalFacts;
  /** Somebody has locked the datastore: nothing is written that could wait. */
  readonly isLocked: () => boolean;
  readonly log: Logger;
}

/** The Node of this daemon, as long as it runs. */
export class NodeRegistration {
  readonly #with: RegistrationOptions;
  #addresses: readonly ChosenAddress[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(options: RegistrationOptions) {
    this.#with = options;
  }

  /** What was chosen for each family, and why; empty before the first choice. */
  get addresses(): readonly ChosenAddress[] {
    return this.#addresses;
  }

  /** Chooses the addresses and writes the Node. Throws StartupError and DatastoreError; then it may be repeated. */
  async register(): Promise<void> {
    const { options, store } = this.#with;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const current = await store.get({ kind: 'Node', name: options.nodeName });
      if (current === undefined && options.datastore.type === 'kubernetes') throw noSuchNode(options);
      const addresses = await this.#choose(current);
      const wanted = withChoices(current ?? emptyNode(options.nodeName), addresses, options);
      await this.#refuseDuplicates(current, addresses);
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

  /** Looks again from time to time while an address is detected. What fails is logged, and nothing changes. */
  watch(): void {
    const { options } = this.#with;
    if (!options.addresses.some(({ wanted }) => wanted === 'autodetect')) return;
    this.#timer = setInterval(() => void this.#lookAgain(), options.autodetectPollIntervalMs).unref();
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #lookAgain(): Promise<void> {
    if (this.#isLooking || this.#with.isLocked()) return;
    this.#isLooking = true;
    try {
      await this.register();
    } catch (error) {
      if (!(error instanceof StartupError || error instanceof DatastoreError)) throw error;
      this.#with.log.error('node-address-not-renewed', error.message, {
        hint: 'the Node stays as it is; weftd looks again',
      });
    } finally {
      this.#isLooking = false;
    }
  }

  async #choose(node: Node | undefined): Promise<readonly ChosenAddress[]> {
    const { options, facts, log } = this.#with;
    const chosen = await Promise.all(
      options.addresses.map((setting) => chooseWith(setting, node, facts(), options)),
    );
    for (const { family, address, reason } of chosen) {
      if (this.#addresses.some((known) => known.family === family && known.reason === reason)) continue;
      log.info('node-address-chosen', reason, { family, ...(address === undefined ? {} : { address }) });
    }
    this.#addresses = chosen;
    if (chosen.every(({ address }) => address === undefined)) throw noAddress(options, chosen);
    return chosen;
  }

  /** Only an address that is new to the Node is looked for elsewhere: one that it has was there first. */
  async #refuseDuplicates(node: Node | undefined, chosen: readonly ChosenAddress[]): Promise<void> {
    const { options, store } = this.#with;
    if (!options.checksNodeAddress) return;
    const news = chosen.filter(({ address, family }) => address && address !== addressOf(node, family));
    if (news.length === 0) return;
    const { items } = await store.list('Node');
    for (const { address = '', family } of news) {
      const other = items.find((candidate) => {
        const theirs = addressOf(candidate, family);
        return candidate.metadata.name !== options.nodeName && theirs && bare(theirs) === bare(address);
      });
      if (other !== undefined) throw duplicate(address, other.metadata.name, options);
    }
  }
}

async function chooseWith(
  setting: AddressSetting,
  node: Node | undefined,
  { interfaces }: LocalFacts,
  { datastore }: Options,
): Promise<ChosenAddress> {
  const { family, method } = setting;
  const current = addressOf(node, family);
  const asksKernel = method.kind === 'can-reach' && isDetected(setting, current);
  return chooseAddress(setting, current, {
    interfaces,
    ...(asksKernel && { source: await packetSource(method.destination, family) }),
    ...(datastore.type === 'kubernetes' && { internalAddresses: internalAddressesOf(node) }),
  });
}

function internalAddressesOf(node: Node | undefined): Address[] {
  return (node?.spec.addresses ?? [])
    .filter(({ type }) => type === 'InternalIP')
    .flatMap(({ address }) => {
      const parsed = parseAddress(address);
      return parsed.ok ? [parsed.value] : [];
    });
}

function addressOf(node: Node | undefined, family: Family): string | undefined {
  return family === 4 ? node?.spec.bgp?.ipv4Address : node?.spec.bgp?.ipv6Address;
}

/** The address without the length of its subnet. */
function bare(text: string): string {
  const parsed = parseInterfaceAddress(text);
  return parsed.ok ? parsed.value.address : text;
}

function emptyNode(name: string): Node {
  return { apiVersion, kind: 'Node', metadata: { name }, spec: {} };
}

/** A family that has no address here keeps what the object says. */
function withChoices(
  node: Node,
  chosen: readonly ChosenAddress[],
  { asNumber, kubernetesNode, remoteControl }: Options,
): Node {
  const annotations: Record<string, string> = {
    ...node.metadata.annotations,
    [WEFT_DAEMON_ANNOTATION]: version,
  };
  const controlAddress = announcedAddress(remoteControl, chosen);
  if (controlAddress === undefined) delete annotations[CONTROL_ADDRESS_ANNOTATION];
  else annotations[CONTROL_ADDRESS_ANNOTATION] = controlAddress;
  const addresses = chosen.flatMap(({ address, family }) =>
    address === undefined ? [] : [[`ipv${family}Address`, address] as const],
  );
  return {
    ...node,
    metadata: { ...node.metadata, annotations },
    spec: {
      ...node.spec,
      ...(kubernetesNode && { orchRefs: [{ nodeName: kubernetesNode, orchestrator: 'k8s' }] }),
      bgp: { ...node.spec.bgp, ...Object.fromEntries(addresses), ...(asNumber && { asNumber }) },
    },
  };
}

/** A Node of Kubernetes is made by its kubelet; a daemon that made another would be nobody's. */
function noSuchNode({ nodeName, nodeNameSource }: Options): StartupError {
  return new StartupError(
    `Kubernetes has no Node of that name, which came from ${nodeNameSource}`,
    `Node ${nodeName}`,
    'give --node-name or NODENAME the name that `kubectl get nodes` shows for this machine',
  );
}

function noAddress({ nodeName }: Options, chosen: readonly ChosenAddress[]): StartupError {
  const reasons = chosen.map(({ family, reason }) => `IPv${family}: ${reason}`).join('; ');
  return new StartupError(
    `this node has no address that others could reach (${reasons})`,
    `node ${nodeName}`,
    'give an interface an address, name one with --ip ADDRESS, or choose another --ip-autodetection-method',
  );
}

function duplicate(address: string, other: string, { nodeName }: Options): StartupError {
  return new StartupError(
    `the address ${address} is that of Node ${other}, too`,
    `node ${nodeName}`,
    `give this node another address with --ip or --ip-autodetection-method, or delete Node ${other} if it is gone; DISABLE_NODE_IP_CHECK=true starts all the same`,
  );
}
