/**
 * Kinds that weft keeps itself. A user may look at them; what is written by hand there loses addresses or gives them out
 * twice, so that takes --force. calicoctl does not show most of them, and refuses to write ClusterInformation.
 */
import type { ResourceKey } from '@weft/datastore';
import type { Kind } from '@weft/resources';
import { CliError, type Failure } from '../../failure.ts';
import { objectName } from '../kind-argument.ts';

/** Kinds nobody should write, with what to do instead. */
const MANAGED: Partial<Record<Kind, string>> = {
  BlockAffinity: '"weftctl ipam" changes what belongs to IPAM.',
  IPAMBlock: '"weftctl ipam" changes what belongs to IPAM.',
  IPAMHandle: '"weftctl ipam" changes what belongs to IPAM.',
  ClusterInformation: '"weftctl datastore lock" and "unlock" change the part that is for users.',
};

/** Throws CliError when one of the objects is not for users, unless they insist. */
export function refuseManaged(keys: Iterable<ResourceKey>, force: boolean | undefined): void {
  if (force) return;
  for (const key of keys) {
    const instead = MANAGED[key.kind];
    if (instead !== undefined) throw new CliError([refusal(key, instead)]);
  }
}

function refusal(key: ResourceKey, instead: string): Failure {
  return {
    what: `${key.kind} is kept by weft itself, and not meant to be written by hand`,
    object: objectName(key),
    hint: `${instead} Give --force if you must.`,
  };
}
