/**
 * What weftd is told about its node: who it is and which addresses it has. Each flag is an environment variable too, and
 * those of Calico's node agent count where weft's own are not set.
 */
import { type AutodetectMethod, FIRST_FOUND, parseAutodetectMethod, type RouterId } from '@weft/calc';
import { familyOf, type Parsed, parseAddress } from '@weft/ip';
import { parseAsNumber, parseDuration } from '@weft/resources';
import { Option } from 'commander';
import { flag, parsedBy } from '../flag.ts';
import { MAX_TIMER_MS } from '../longest-timer.ts';
import { StartupError } from '../startup-error.ts';
import type { AddressSetting } from './node-address.ts';
import { DEFAULT_NODENAME_FILE, findNodeName, machineSources } from './node-name.ts';
import { type PoolSettings, readPoolSettings } from './pool-settings.ts';

/** How often a detected address is looked for again unless told. Source: Calico. */
const POLL_INTERVAL_MS = 60_000;

/** Who the node is. */
export interface NodeOptions {
  readonly nodeName: string;
  /** What gave the name, in words. */
  readonly nodeNameSource: string;
  /** Where the name is kept. */
  readonly nodenameFile: string;
  /** One of each family. */
  readonly addresses: readonly AddressSetting[];
  readonly autodetectPollIntervalMs: number;
  /** False: another Node may have the same address. */
  readonly checksNodeAddress: boolean;
  /** Tunnels alone carry the pods of this node: Calico's backend `vxlan`. */
  readonly withoutBgp: boolean;
  /** Undefined: what the Node says, or the cluster. */
  readonly asNumber: number | undefined;
  readonly routerId: RouterId;
  /** The Node of Kubernetes that this one is, where the datastore is another. */
  readonly kubernetesNode?: string;
  /** The pools to make where a family has none. */
  readonly defaultPools: readonly PoolSettings[];
  /** The namespace of the Secrets with BGP passwords. */
  readonly secretsNamespace: string;
}

/** The flags as commander gives them; an empty text is the same as nothing. */
export interface GivenNodeOptions {
  readonly nodeName?: string;
  readonly nodenameFile?: string;
  readonly ip: string;
  readonly ip6: string;
  readonly ipAutodetectionMethod?: AutodetectMethod | '';
  readonly ip6AutodetectionMethod?: AutodetectMethod | '';
  readonly autodetectPollInterval?: number | '';
  readonly asNumber?: number | '';
  readonly routerId?: RouterId | '';
  readonly defaultPools: boolean;
}

/** The flags. */
export function nodeFlags(): Option[] {
  const name = 'name of this node in the datastore; in Kubernetes that of its Node. Without it NODENAME, the';
  return [
    flag('--node-name <name>', 'WEFT_NODE_NAME', `${name} --nodename-file, HOSTNAME or the host name`),
    flag(
      '--nodename-file <file>',
      'WEFT_NODENAME_FILE',
      `keeps the name for the next start (default: ${DEFAULT_NODENAME_FILE})`,
      'CALICO_NODENAME_FILE',
    ),
    ...addressFlags(4, 'ip'),
    ...addressFlags(6, 'ip6'),
    flag(
      '--autodetect-poll-interval <duration>',
      'WEFT_AUTODETECT_POLL_INTERVAL',
      'how often a detected address is looked for again (default: 60s)',
      'AUTODETECT_POLL_INTERVAL',
    ).argParser(parsedBy(parsePause)),
    flag(
      '--as-number <n>',
      'WEFT_AS_NUMBER',
      'AS number of this node; else what its Node or the cluster says',
      'AS',
    ).argParser(parsedBy(parseAsNumber)),
    flag(
      '--router-id <id>',
      'WEFT_ROUTER_ID',
      'BGP Identifier, or hash: made of the name; else the IPv4 address of the node, and hash where it has none',
      'CALICO_ROUTER_ID',
    ).argParser(parsedBy(parseRouterId)),
    new Option('--no-default-pools', 'make no pool for a family that has none; also NO_DEFAULT_POOLS=true'),
  ];
}

function addressFlags(family: 4 | 6, name: 'ip' | 'ip6'): Option[] {
  const variable = name.toUpperCase();
  const choices = "autodetect, none, an address, or empty (the Node's own)";
  const methods =
    'first-found, can-reach=HOST, interface=REGEX,…, skip-interface=REGEX,…, cidr=CIDR,… or kubernetes-internal-ip';
  return [
    flag(
      `--${name} <address>`,
      `WEFT_${variable}`,
      `IPv${family} address of the node: ${choices}`,
      variable,
    ).default('autodetect'),
    flag(
      `--${name}-autodetection-method <method>`,
      `WEFT_${variable}_AUTODETECTION_METHOD`,
      methods,
      `${variable}_AUTODETECTION_METHOD`,
    ).argParser(parsedBy(parseAutodetectMethod)),
  ];
}

function parsePause(text: string): ReturnType<typeof parseDuration> {
  const parsed = parseDuration(text);
  if (!parsed.ok) return parsed;
  if (parsed.value < 1000) return { ok: false, reason: `${text} is less than a second` };
  return { ok: true, value: Math.min(parsed.value, MAX_TIMER_MS) };
}

/** Source: RFC 6286 §2.1, four octets that are not all zero. Departs from Calico, which hands any text on to BIRD. */
function parseRouterId(text: string): Parsed<RouterId> {
  if (text === 'hash') return { ok: true, value: text };
  const parsed = parseAddress(text);
  if (parsed.ok && familyOf(parsed.value) === 4 && parsed.value !== '0.0.0.0') return parsed;
  return { ok: false, reason: `${text} is neither hash nor an IPv4 address other than 0.0.0.0` };
}

/** The flags, and what the machine and its environment say where they are silent. Throws StartupError. */
export function nodeOptions(given: GivenNodeOptions, environment: NodeJS.ProcessEnv): NodeOptions {
  const nodenameFile = given.nodenameFile || DEFAULT_NODENAME_FILE;
  const found =
    given.nodeName === undefined
      ? findNodeName(nodenameFile, { ...machineSources, environment })
      : { name: given.nodeName, source: '--node-name' };
  if (found.name === '') throw noName();
  const { CALICO_NETWORKING_BACKEND: backend } = environment;
  if (backend === 'none') throw noBackend();
  return {
    nodeName: found.name,
    nodeNameSource: found.source,
    nodenameFile,
    addresses: [
      { family: 4, wanted: given.ip, method: given.ipAutodetectionMethod || FIRST_FOUND },
      { family: 6, wanted: given.ip6, method: given.ip6AutodetectionMethod || FIRST_FOUND },
    ],
    autodetectPollIntervalMs: given.autodetectPollInterval || POLL_INTERVAL_MS,
    withoutBgp: backend === 'vxlan',
    checksNodeAddress: environment.DISABLE_NODE_IP_CHECK !== 'true',
    asNumber: given.asNumber || undefined,
    routerId: given.routerId || 'auto',
    ...(environment.CALICO_K8S_NODE_REF ? { kubernetesNode: environment.CALICO_K8S_NODE_REF } : {}),
    secretsNamespace: environment.NAMESPACE || 'kube-system',
    defaultPools: given.defaultPools ? readPoolSettings(environment) : [],
  };
}

function noName(): StartupError {
  return new StartupError(
    'this machine has no host name',
    'the name of the node',
    'give it one: --node-name NAME',
  );
}

/** Calico's agent can leave routing to others. weft's pods would then have no routes, and whoever asks for that must know. */
function noBackend(): StartupError {
  return new StartupError(
    'weft does not leave routing to others',
    'CALICO_NETWORKING_BACKEND=none',
    'set it to bird or vxlan or unset it, or keep calico-node on this node',
  );
}
