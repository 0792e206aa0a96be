/**
 * Finds out which CRDs a cluster has, and on the way whether there is a Kubernetes at all.
 *
 * Source: Calico libcalico-go/lib/backend/k8s/discovery.go: projectcalico.org/v3 counts only where
 * crd.projectcalico.org is absent, since a cluster with both serves the first from the second.
 */
import { DatastoreError } from '../../datastore.ts';
import type { ApiGroup } from '../convert/custom-resource.ts';
import type { ApiCall } from './api-call.ts';
import type { ApiClient } from './api-client.ts';

const CALL: ApiCall = { verb: 'discover', resource: 'API groups', object: 'API groups', path: '/apis' };

/** The group that stores the resources. Throws `DatastoreError` when this is no Kubernetes. */
export async function discoverGroup(client: ApiClient, wanted: ApiGroup | undefined): Promise<ApiGroup> {
  const { status, body } = await client.request(CALL, [403]);
  if (status === 403) return wanted ?? 'crd.projectcalico.org/v1';
  const { kind, groups } = (body ?? {}) as { kind?: unknown; groups?: readonly { readonly name: string }[] };
  if (kind !== 'APIGroupList') throw notKubernetes(client, status);
  const names = (groups ?? []).map(({ name }) => name);
  const onlyV3 = names.includes('projectcalico.org') && !names.includes('crd.projectcalico.org');
  return wanted ?? (onlyV3 ? 'projectcalico.org/v3' : 'crd.projectcalico.org/v1');
}

function notKubernetes({ title }: ApiClient, status: number): DatastoreError {
  return new DatastoreError(
    'unavailable',
    `Cannot use ${title}: what answers there (${status}) is not the API of Kubernetes. Check the address of the server.`,
  );
}
