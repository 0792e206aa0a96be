/**
 * What `kubectl apply -k manifests` and the overlays install: that it fits together, that kubectl builds the same from it, and
 * that a real API server takes every field of it.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseResource } from '@weft/resources';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kubeAssets, startKubeApiServer, type TestKubeApiServer } from '../harness/kube-api-server.ts';
import { collectionPath, MANIFESTS, type Manifest, manifestsOf } from '../harness/manifests.ts';

const hasKubectl = execaSync('kubectl', ['version', '--client'], { reject: false }).exitCode === 0;
if (!hasKubectl) console.warn('kubectl is not installed: what it builds of manifests/ is not compared.');
if (kubeAssets === undefined)
  console.warn('KUBEBUILDER_ASSETS is not set: manifests/ is not tried on a real API server.');

const overlays = readdirSync(join(MANIFESTS, 'overlays')).map((name) => join('overlays', name));

describe.each(['.', ...overlays])('manifests/%s', (folder) => {
  const objects = manifestsOf(join(MANIFESTS, folder));
  const ofKind = (...kinds: string[]): Manifest[] => objects.filter(({ kind }) => kinds.includes(kind));
  const workloads = ofKind('DaemonSet', 'Deployment');
  const named = (kind: string, name: string): Manifest | undefined =>
    objects.find((object) => object.kind === kind && object.metadata.name === name);

  it('has everything once', () => {
    const names = objects.map(titleOf);
    expect(names).toEqual([...new Set(names)]);
    expect(names).toContain('DaemonSet kube-system/weftd');
  });

  it('refers only to what it has', () => {
    for (const { metadata, spec } of workloads) {
      const { template, selector } = spec;
      expect(template.metadata.labels).toMatchObject(selector.matchLabels);
      expect(named('ServiceAccount', template.spec.serviceAccountName), metadata.name).toBeDefined();
      for (const container of containersOf(spec)) {
        const maps = (container.envFrom ?? []).filter((entry: Source) => !entry.configMapRef.optional);
        for (const { configMapRef } of maps) expect(named('ConfigMap', configMapRef.name)).toBeDefined();
        const volumes = (template.spec.volumes ?? []).map(({ name }: Named) => name);
        for (const { name } of container.volumeMounts ?? []) expect(volumes).toContain(name);
      }
    }
    for (const { roleRef, subjects } of ofKind('ClusterRoleBinding', 'RoleBinding')) {
      expect(named(roleRef.kind, roleRef.name)).toBeDefined();
      for (const { kind, name, namespace } of subjects)
        expect(named(kind, name)?.metadata.namespace).toBe(namespace);
    }
  });

  it('asks for health where it is answered', () => {
    for (const { spec } of workloads)
      for (const { env = [], ports = [], livenessProbe, readinessProbe } of spec.template.spec.containers) {
        const address = env.find(({ name }: Named) => name === 'WEFT_METRICS_ADDRESS')?.value;
        for (const { httpGet } of [livenessProbe, readinessProbe]) {
          const named = ports.find(({ name }: Named) => name === httpGet.port)?.containerPort;
          expect(`${httpGet.host ?? '[::]'}:${named ?? httpGet.port}`).toBe(address);
        }
      }
  });

  it('names only objects of weft that weft can read', () => {
    for (const object of objects.filter(({ apiVersion }) => apiVersion.startsWith('crd.projectcalico.org/')))
      expect(parseResource({ ...object, apiVersion: 'projectcalico.org/v3' })).toMatchObject({ ok: true });
  });

  it.skipIf(!hasKubectl)('is what kubectl builds', async () => {
    const { stdout } = await execa('kubectl', ['kustomize', join(MANIFESTS, folder)]);
    const built = parseAllDocuments(stdout).map((document) => titleOf(document.toJS() as Manifest));
    expect(built.sort()).toEqual(objects.map(titleOf).sort());
    expect(stdout).toMatch(/image: weft:\d/);
  });
});

describe.skipIf(kubeAssets === undefined)('a real API server', () => {
  let server: TestKubeApiServer;
  beforeAll(async () => {
    server = await startKubeApiServer();
    await server.installCrds('v1');
  });
  afterAll(() => server?.dispose());

  it.each(['.', ...overlays])('takes every field of manifests/%s', async (folder) => {
    const objects = manifestsOf(join(MANIFESTS, folder));
    for (const object of objects.filter(({ kind }) => kind !== 'CustomResourceDefinition')) {
      const { status, body } = await server.ask('POST', `${collectionPath(object)}?${STRICT}`, object);
      expect({ object: titleOf(object), status, message: body.message }).toMatchObject({ status: 201 });
    }
  });
});

/** Everything is checked and nothing kept; a field that the server does not know is an error. */
const STRICT = 'dryRun=All&fieldValidation=Strict';

interface Named {
  readonly name: string;
}

interface Source {
  readonly configMapRef: { readonly optional?: boolean };
}

function containersOf({ template }: Manifest): Manifest[] {
  return [...(template.spec.initContainers ?? []), ...template.spec.containers];
}

function titleOf({ kind, metadata: { name, namespace } }: Manifest): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}
