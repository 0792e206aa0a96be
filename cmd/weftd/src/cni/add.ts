/** ADD: plugs a container in and tells the runtime what it got. */
import {
  type CniError,
  type CniRequest,
  cniError,
  decideWishes,
  decodeResult,
  ERROR_CODE,
  isCniError,
  type Result,
} from '@weft/cni';
import { attachRequestSchema, isRefusal } from '@weft/control';
import { attachRequest } from './attach-request.ts';
import type { CniHost } from './cni-host.ts';
import { cniEndpointId } from './endpoint-id.ts';
import { errorOf } from './error-of.ts';
import { isOwnNamespace } from './own-namespace.ts';
import { addResult, appendTo } from './result-of.ts';

type AddRequest = Extract<CniRequest, { readonly command: 'ADD' | 'CHECK' }>;

/** Does an ADD; repeating it is safe, and an error has left nothing. */
export async function add(host: CniHost, request: AddRequest): Promise<Result | CniError> {
  const { args, attachment, configuration, version } = request;
  if (isOwnNamespace(attachment.netns)) return ownNamespace(attachment.netns);
  const before = decodeResult(configuration.prevResult ?? {}, version, 'prevResult');
  if (isCniError(before)) return before;
  const pod = configuration.runtime.podAnnotations ?? {};
  const wishes = decideWishes(configuration, args, { pod, namespace: {} });
  if (isCniError(wishes)) return wishes;
  const wanted = attachRequestSchema.safeParse(attachRequest(request, wishes));
  if (!wanted.success) return notAttachable(wanted.error.issues);
  const id = cniEndpointId({ network: configuration.name, ...attachment });
  const attached = await host.attach(id, wanted.data);
  if (isRefusal(attached)) return errorOf(attached);
  return appendTo(before, addResult(attached, attachment, configuration.dns));
}

function notAttachable(issues: readonly { path: PropertyKey[]; message: string }[]): CniError {
  const problems = issues.map(({ message, path }) => `${path.join('.')}: ${message}`);
  return cniError(
    ERROR_CODE.invalidConfiguration,
    `the container cannot be plugged in so: ${problems.join('; ')}`,
    'Correct what the runtime or the network configuration asks for.',
  );
}

function ownNamespace(netns: string): CniError {
  return cniError(
    ERROR_CODE.invalidEnvironment,
    `CNI_NETNS is ${JSON.stringify(netns)}, the namespace of the host itself`,
    'Give the container a network namespace of its own.',
  );
}
