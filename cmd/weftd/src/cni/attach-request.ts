/** What a CNI request means to the daemon. Pure. */
import type { CniArguments, CniRequest, Wishes } from '@weft/cni';
import type { AttachRequest } from '@weft/control';

type AddRequest = Extract<CniRequest, { readonly command: 'ADD' | 'CHECK' }>;

/** The attach that an ADD asks for. */
export function attachRequest(
  { args, attachment, configuration }: AddRequest,
  wishes: Wishes,
): AttachRequest {
  const { mtuBytes } = configuration;
  const { labels } = configuration.args;
  return {
    ...attachment,
    ...workloadOf(args),
    ...wishesOf(wishes),
    ...(mtuBytes === undefined ? {} : { mtuBytes }),
    ...(labels === undefined ? {} : { labels }),
    ...(configuration.forwarding ? { forwarding: true } : {}),
  };
}

/** A Pod when the runtime names one with its Namespace; else a container, whose name some runtimes tell. Source: Calico. */
function workloadOf({
  podName,
  podNamespace,
}: CniArguments): Pick<AttachRequest, 'orchestrator' | 'namespace' | 'pod' | 'workload'> {
  if (podName === undefined) return { orchestrator: 'cni' };
  if (podNamespace === undefined) return { orchestrator: 'cni', workload: podName };
  return { orchestrator: 'k8s', namespace: podNamespace, pod: podName };
}

function wishesOf({
  addresses,
  families,
  mac,
  pools4,
  pools6,
}: Wishes): Pick<AttachRequest, 'families' | 'addresses' | 'pools4' | 'pools6' | 'mac'> {
  return {
    families,
    ...(addresses === undefined ? {} : { addresses }),
    ...(pools4 === undefined ? {} : { pools4 }),
    ...(pools6 === undefined ? {} : { pools6 }),
    ...(mac === undefined ? {} : { mac }),
  };
}
