/** ADD: plugs a container in and tells the runtime what it got. */
import {
  type CniError,
  type CniRequest,
  cniError,
  decideWishes,
  decodeResult,
  ERROR_CODE,
  isCniError,
  type PodAnnotations,
  type Result,
  type Wishes,
} from '@weft/cni';
import { type AttachRequest, attachRequestSchema, isRefusal, type Refusal } from '@weft/control';
import type { Turns } from '../endpoints/turns.ts';
import { attachRequest, ipamWishes } from './attach-request.ts';
import type { CniHost } from './cni-host.ts';
import { delegate } from './delegate.ts';
import { cniEndpointId } from './endpoint-id.ts';
import { errorOf } from './error-of.ts';
import { isOwnNamespace } from './own-namespace.ts';
import { addResult, appendTo } from './result-of.ts';

type AddRequest = Extract<CniRequest, { readonly command: 'ADD' | 'CHECK' }>;

/**
 * Does an ADD; repeating it is safe, and an error has left nothing.
 *
 * @param turns of the attachments; with an IPAM plugin an ADD's is over only with what goes on behind its answer
 */
export async function add(host: CniHost, request: AddRequest, turns: Turns): Promise<Result | CniError> {
  const { attachment, configuration, version } = request;
  if (isOwnNamespace(attachment.netns)) return ownNamespace(attachment.netns);
  const before = decodeResult(configuration.prevResult ?? {}, version, 'prevResult');
  if (isCniError(before)) return before;
  const id = cniEndpointId({ network: configuration.name, ...attachment });
  const isOwnIpam = configuration.ipam.kind === 'weft';
  const own = await (isOwnIpam
    ? turns.run([id], () => attachNow(host, id, request))
    : attachAlone(host, id, request, turns));
  return isCniError(own) ? own : appendTo(before, own);
}

/** What the container is to get, by what the API server says of its Pod or else the runtime. */
export async function wishesOf(host: CniHost, request: AddRequest): Promise<Wishes | CniError> {
  const { args, configuration } = request;
  const annotations = await annotationsOf(host, request);
  return isCniError(annotations) ? annotations : decideWishes(configuration, args, annotations);
}

async function annotationsOf(host: CniHost, request: AddRequest): Promise<PodAnnotations | CniError> {
  const { podName, podNamespace } = request.args;
  if (host.pods === undefined)
    return { pod: request.configuration.runtime.podAnnotations ?? {}, namespace: {} };
  if (request.attachment.interfaceName !== 'eth0') return notFirst(request.attachment.interfaceName);
  if (podName === undefined || podNamespace === undefined) return podless();
  const found = await host.pods.annotations(podNamespace, podName);
  if (found === undefined) return podGone(`${podNamespace}/${podName}`);
  return 'kind' in found && isRefusal(found) ? errorOf(found) : (found as PodAnnotations);
}

async function attachNow(host: CniHost, id: string, request: AddRequest): Promise<Result | CniError> {
  const wishes = await wishesOf(host, request);
  return isCniError(wishes) ? wishes : attach(host, id, request, wishes);
}

/**
 * An IPAM plugin knows containers, not ADDs: what it gives one ADD it takes back from all. So whatever is done with a container,
 * its DEL included, is over before the next ADD begins.
 */
async function attachAlone(
  host: CniHost,
  id: string,
  request: AddRequest,
  turns: Turns,
): Promise<Result | CniError> {
  if (turns.isTaken(id) || host.isUnderWay(id)) return otherComesFirst(request);
  const early = Promise.withResolvers<CniError>();
  const turn = turns.run([id], async () => {
    const wishes = await wishesOf(host, request);
    if (isCniError(wishes)) return wishes;
    const own = await attach(host, id, request, wishes);
    if (!isCniError(own)) return own;
    if (host.isUnderWay(id)) early.resolve(own);
    await host.settled(id);
    // What is plugged in, from before or because it could not be taken out, has its address until its DEL.
    if (!host.isPluggedIn(id)) await giveBack(host, request);
    return own;
  });
  return Promise.race([early.promise, turn]);
}

async function attach(
  host: CniHost,
  id: string,
  request: AddRequest,
  wishes: Wishes,
): Promise<Result | CniError> {
  const isKnown = host.endpoint(id) !== undefined;
  // An IPAM plugin is asked once for a container; what it said lies in the endpoint.
  const assigned = isKnown ? undefined : await delegate(host, request, 'ADD');
  if (isCniError(assigned)) return assigned;
  const wanted = checked(
    attachRequest(request, assigned === undefined ? wishes : ipamWishes(assigned, wishes)),
  );
  if (isCniError(wanted)) return wanted;
  const attached = await host.attach(id, wanted);
  return isRefusal(attached) ? refusedAttach(attached, request) : addResult(attached, request);
}

/** What is wrong with the namespace, or with the interface in it, is wrong with the variables that name them. */
function refusedAttach(refusal: Refusal, { attachment }: AddRequest): CniError {
  const { code, hint, message, object } = refusal;
  if (code !== 'invalid-request' || object !== attachment.netns) return errorOf(refusal);
  return cniError(
    ERROR_CODE.invalidEnvironment,
    `CNI_NETNS and CNI_IFNAME cannot be used: ${message}: ${object}`,
    hint,
  );
}

/** That this fails too would hide what failed first. */
async function giveBack(host: CniHost, request: AddRequest): Promise<void> {
  const undone = await delegate(host, request, 'DEL');
  if (isCniError(undone))
    host.log.warn('cni-ipam-not-undone', undone.message, { ...request.attachment, details: undone.details });
}

function checked(request: AttachRequest): AttachRequest | CniError {
  const parsed = attachRequestSchema.safeParse(request);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`);
  return cniError(
    ERROR_CODE.invalidConfiguration,
    `the container cannot be plugged in so: ${problems.join('; ')}`,
    'Correct what the runtime or the network configuration asks for.',
  );
}

/** What is asked for has to wait for what was asked for before it. */
export function otherComesFirst({ attachment }: Pick<AddRequest, 'attachment'>): CniError {
  return cniError(
    ERROR_CODE.tryAgainLater,
    `an earlier ADD or DEL of ${attachment.interfaceName} in ${attachment.containerId} is not over yet`,
    'It waits for the datastore or the IPAM plugin, or is being undone: try again.',
  );
}

function ownNamespace(netns: string): CniError {
  return cniError(
    ERROR_CODE.invalidEnvironment,
    `CNI_NETNS is ${JSON.stringify(netns)}, the namespace of the host itself`,
    'Give the container a network namespace of its own.',
  );
}

function podGone(pod: string): CniError {
  return cniError(
    ERROR_CODE.unknownContainer,
    `there is no Pod ${pod} any more`,
    'It was deleted while its sandbox started; there is nothing to do.',
  );
}

function podless(): CniError {
  return cniError(
    ERROR_CODE.invalidEnvironment,
    'CNI_ARGS names no Pod: K8S_POD_NAMESPACE and K8S_POD_NAME are needed',
    'With the Kubernetes datastore only Pods can be plugged in; start the container by the kubelet, or weftd with another datastore.',
  );
}

function notFirst(name: string): CniError {
  return cniError(
    ERROR_CODE.invalidEnvironment,
    `CNI_IFNAME is ${JSON.stringify(name)}: with the Kubernetes datastore a Pod has one interface of weft, eth0`,
    'Let another plugin make the further interfaces.',
  );
}
