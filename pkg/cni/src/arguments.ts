/**
 * CNI_ARGS: `KEY=VALUE;KEY=VALUE`. Source: CNI conventions, "CNI_ARGS"; the K8S_ keys are those of kubelet's runtimes.
 */
import { type CniError, cniError, ERROR_CODE } from './error.ts';

/** What CNI_ARGS says of the things that are known here. Empty values count as absent. */
export interface CniArguments {
  readonly podNamespace?: string;
  readonly podName?: string;
  readonly podUid?: string;
  readonly infraContainerId?: string;
  /** Addresses as they were given, with or without prefix length. */
  readonly ips?: readonly string[];
  readonly mac?: string;
}

const KNOWN_KEYS = [
  'IgnoreUnknown',
  'K8S_POD_NAMESPACE',
  'K8S_POD_NAME',
  'K8S_POD_UID',
  'K8S_POD_INFRA_CONTAINER_ID',
  'IP',
  'MAC',
] as const;
type Key = (typeof KNOWN_KEYS)[number];

/** Reads CNI_ARGS. Keys that nobody here knows are an error unless `IgnoreUnknown` is set, as the convention has it. */
export function parseArguments(text: string): CniArguments | CniError {
  const values = new Map<string, string>();
  for (const pair of text.split(';')) {
    if (pair === '') continue;
    const mark = pair.indexOf('=');
    if (mark < 1) return invalid(`the pair ${JSON.stringify(pair)} is not KEY=VALUE`);
    values.set(pair.slice(0, mark), pair.slice(mark + 1));
  }
  const ignoreUnknown = parseSwitch(values.get('IgnoreUnknown') ?? 'false');
  if (ignoreUnknown === undefined)
    return invalid(`IgnoreUnknown is ${JSON.stringify(values.get('IgnoreUnknown'))}, neither true nor false`);
  const unknown = [...values.keys()].filter((key) => !(KNOWN_KEYS as readonly string[]).includes(key));
  if (unknown.length > 0 && !ignoreUnknown)
    return invalid(`nobody here knows ${unknown.join(', ')}; IgnoreUnknown=true lets them pass`);
  return fromValues(values);
}

function fromValues(values: ReadonlyMap<string, string>): CniArguments {
  const given = (key: Key): string | undefined => values.get(key) || undefined;
  const podNamespace = given('K8S_POD_NAMESPACE');
  const podName = given('K8S_POD_NAME');
  const podUid = given('K8S_POD_UID');
  const infraContainerId = given('K8S_POD_INFRA_CONTAINER_ID');
  const ips = given('IP');
  const mac = given('MAC');
  return {
    ...(podNamespace && { podNamespace }),
    ...(podName && { podName }),
    ...(podUid && { podUid }),
    ...(infraContainerId && { infraContainerId }),
    ...(ips && { ips: ips.split(',') }),
    ...(mac && { mac }),
  };
}

function parseSwitch(text: string): boolean | undefined {
  const known: Readonly<Record<string, boolean>> = { '1': true, true: true, '0': false, false: false };
  return known[text.toLowerCase()];
}

function invalid(why: string): CniError {
  return cniError(
    ERROR_CODE.invalidEnvironment,
    `CNI_ARGS cannot be used: ${why}`,
    'Correct what the runtime puts into CNI_ARGS.',
  );
}
