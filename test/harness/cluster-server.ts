/**
 * The API server of a test cluster: the one that breaks on command, or a real one where `KUBEBUILDER_ASSETS` names it. On the
 * real one everything is installed that manifests/ has for the API server, and programs come with their own accounts.
 */
import { writeFileSync } from 'node:fs';
import { type KubernetesCluster, openCluster } from '@weft/datastore';
import { type FaultApiServer, startFaultServer } from './fault-api-server/fault-api-server.ts';
import { startKubeApiServer, type TestKubeApiServer } from './kube-api-server.ts';
import { MANIFESTS, type Manifest, manifestsOf } from './manifests.ts';

/** What a test needs of either. */
export interface ClusterServer {
  readonly url: string;
  /** With all rights. */
  readonly admin: KubernetesCluster;
  /** Writes a kubeconfig for an account of weft: `weftd`, `weft-controller`. */
  writeKubeconfig(file: string, account: string): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

/** Starts one on loopback. */
export async function startClusterServer(kind: 'fault' | 'real'): Promise<ClusterServer> {
  return kind === 'fault'
    ? faultServer(await startFaultServer({ groups: ['crd.projectcalico.org/v1'] }))
    : realServer();
}

function faultServer(server: FaultApiServer): ClusterServer {
  const admin = openCluster({ type: 'kubernetes', server: server.url });
  return {
    url: server.url,
    admin,
    writeKubeconfig: async (file) => writeFileSync(file, kubeconfig({ server: server.url }, {})),
    kill: () => server.kill(),
    restart: () => server.start(),
    dispose: async () => {
      admin.close();
      await server.kill();
    },
  };
}

async function realServer(): Promise<ClusterServer> {
  const server = await startKubeApiServer();
  await server.installCrds('v1');
  for (const object of manifestsOf(MANIFESTS).filter(({ kind }) => INSTALLED.test(kind)))
    await install(server, object);
  const admin = openCluster({
    type: 'kubernetes',
    kubeconfigInline: kubeconfig(place(server), { token: server.token }),
  });
  return {
    url: server.url,
    admin,
    writeKubeconfig: async (file, account) =>
      writeFileSync(file, kubeconfig(place(server), { token: await tokenOf(server, account) })),
    kill: () => server.kill('SIGKILL'),
    restart: () => server.restart(),
    dispose: async () => {
      admin.close();
      await server.dispose();
    },
  };
}

/** What the API server needs to know; DaemonSets and Deployments are run by the test. */
const INSTALLED = /^(ServiceAccount|ClusterRole|ClusterRoleBinding|Role|RoleBinding)$/;

async function install(server: TestKubeApiServer, object: Manifest): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const { status, body } = await server.ask('POST', `${root}${place}/${kind.toLowerCase()}s`, object);
  if (status !== 201) throw new Error(`${kind} ${metadata.name} is refused: ${body.message ?? body}`);
}

/** A token as the kubelet gets it for a Pod. */
async function tokenOf(server: TestKubeApiServer, account: string): Promise<string> {
  const path = `/api/v1/namespaces/kube-system/serviceaccounts/${account}/token`;
  const { status, body } = await server.ask('POST', path, { spec: { expirationSeconds: 3600 } });
  if (status !== 201) throw new Error(`no token for ${account}: ${body.message ?? body}`);
  return body.status.token;
}

function place(server: TestKubeApiServer): object {
  return { server: server.url, 'certificate-authority': server.caFile };
}

function kubeconfig(cluster: object, user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}
