/** A real API server reads the roles in manifests/ as the fault API server of the other tests does. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attributes, allows, rightsOf, titleOf } from '../harness/fault-api-server/rbac.ts';
import { kubeAssets, startKubeApiServer, type TestKubeApiServer } from '../harness/kube-api-server.ts';
import { collectionPath, MANIFESTS, manifestsOf } from '../harness/manifests.ts';

if (kubeAssets === undefined)
  console.warn('KUBEBUILDER_ASSETS is not set: the roles in manifests/ are not tried on a real API server.');

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

const objects = manifestsOf(join(MANIFESTS, 'overlays/route-reflectors'));
const rights = rightsOf(objects);

describe.skipIf(kubeAssets === undefined)('a real API server', () => {
  let server: TestKubeApiServer;
  beforeAll(async () => {
    server = await startKubeApiServer();
    for (const object of objects.filter(({ apiVersion }) => apiVersion.startsWith('rbac.'))) {
      const { status, body } = await server.ask('POST', collectionPath(object), object);
      if (status !== 201) throw new Error(body.message);
    }
  });
  afterAll(() => server?.dispose());

  it.each([...new Set(rights.map(({ account }) => account))])(
    'gives %s these rights and no others',
    async (account) => {
      const own = rights.filter((right) => right.account === account);
      for (const wanted of questions()) {
        const allowed = own.some((right) => allows(right, wanted));
        expect({ asked: titleOf(wanted), allowed: await review(account, wanted) }).toEqual({
          asked: titleOf(wanted),
          allowed,
        });
      }
    },
  );

  /** Whether the account may do that. */
  async function review(
    account: string,
    { name, namespace, resource, verb, group }: Attributes,
  ): Promise<boolean> {
    const [plural, subresource] = resource.split('/');
    const resourceAttributes = { verb, group, resource: plural, subresource, name, namespace };
    const user = `system:serviceaccount:${account.replace('/', ':')}`;
    const { body } = await server.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, resourceAttributes },
    });
    return body.status.allowed;
  }
});

/** Every verb on every resource that anybody has a right to, where it is and with the names that matter. */
function questions(): Attributes[] {
  const places = new Map(
    rights.map(({ group, name, namespace, resource }) => {
      const place = {
        group,
        resource,
        ...(name !== undefined && { name }),
        ...(namespace !== undefined && { namespace }),
      };
      return [JSON.stringify(place), place] as const;
    }),
  );
  return [...places.values()].flatMap((place) => VERBS.map((verb) => ({ verb, ...place })));
}
