/**
 * The settings by which calicoctl and Calico's daemons find their datastore: names and precedence are Calico's, so that
 * a file or an environment made for them works here.
 */
import type {
  DatastoreChoice,
  EtcdChoice,
  KubernetesChoice,
  PemSource,
  TlsFiles,
} from './datastore-choice.ts';

/** Calico's name in a configuration file → its name in the environment; null for those only a file may hold. */
export const CALICO_SETTINGS = {
  datastoreType: 'DATASTORE_TYPE',
  etcdEndpoints: 'ETCD_ENDPOINTS',
  etcdDiscoverySrv: 'ETCD_DISCOVERY_SRV',
  etcdUsername: 'ETCD_USERNAME',
  etcdPassword: 'ETCD_PASSWORD',
  etcdKeyFile: 'ETCD_KEY_FILE',
  etcdCertFile: 'ETCD_CERT_FILE',
  etcdCACertFile: 'ETCD_CA_CERT_FILE',
  etcdKey: null,
  etcdCert: null,
  etcdCACert: null,
  kubeconfig: 'KUBECONFIG',
  kubeconfigInline: null,
  k8sAPIEndpoint: 'K8S_API_ENDPOINT',
  k8sKeyFile: 'K8S_KEY_FILE',
  k8sCertFile: 'K8S_CERT_FILE',
  k8sCAFile: 'K8S_CA_FILE',
  k8sAPIToken: null,
  k8sInsecureSkipTLSVerify: 'K8S_INSECURE_SKIP_TLS_VERIFY',
  k8sDisableNodePoll: 'K8S_DISABLE_NODE_POLL',
  k8sClientQPS: 'K8S_CLIENT_QPS',
  k8sClientBurst: 'K8S_CLIENT_BURST',
  k8sCurrentContext: 'K8S_CURRENT_CONTEXT',
  usePodCIDR: 'USE_POD_CIDR',
  calicoAPIGroup: 'CALICO_API_GROUP',
} as const;

/** Settings as text, by the names of a configuration file; absent or empty means not set. */
export type CalicoSettings = { readonly [Name in keyof typeof CALICO_SETTINGS]?: string };

/** The settings in an environment: each name is looked up as `CALICO_<NAME>` first, then bare. */
export function settingsFromEnvironment(environment: NodeJS.ProcessEnv): CalicoSettings {
  const found = Object.entries(CALICO_SETTINGS).flatMap(([name, variable]) => {
    if (variable === null) return [];
    const value = environment[`CALICO_${variable}`] || environment[variable];
    return value ? [[name, value]] : [];
  });
  return Object.fromEntries(found);
}

/**
 * The datastore that the settings choose, or undefined when they name none at all; what is wrong with them is thrown as
 * `SettingsError`. etcd endpoints without a type mean etcd, everything else Kubernetes, as in Calico.
 */
export function choiceFromSettings(settings: CalicoSettings): DatastoreChoice | undefined {
  switch (settings.datastoreType || impliedType(settings)) {
    case undefined:
      return undefined;
    case 'etcdv3':
      return etcdChoice(settings);
    case 'kubernetes':
      return kubernetesChoice(settings);
    default:
      throw new SettingsError(
        'datastoreType',
        `is "${settings.datastoreType}"; it must be etcdv3 or kubernetes`,
      );
  }
}

/** A setting that makes no sense; the message is a sentence without its subject. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly setting: keyof CalicoSettings;

  constructor(setting: keyof CalicoSettings, message: string) {
    super(message);
    this.setting = setting;
  }
}

function impliedType(settings: CalicoSettings): 'etcdv3' | 'kubernetes' | undefined {
  if (settings.etcdEndpoints) return 'etcdv3';
  const { kubeconfig, kubeconfigInline, k8sAPIEndpoint } = settings;
  return kubeconfig || kubeconfigInline || k8sAPIEndpoint ? 'kubernetes' : undefined;
}

function etcdChoice(settings: CalicoSettings): EtcdChoice {
  if (settings.etcdDiscoverySrv && !settings.etcdEndpoints)
    throw new SettingsError('etcdDiscoverySrv', 'is not supported; name the endpoints in etcdEndpoints');
  const endpoints = (settings.etcdEndpoints ?? '').split(',').map((text) => text.trim());
  const bad = endpoints.find((text) => !/^https?:\/\/[^/]+\/?$/.test(text));
  if (bad !== undefined)
    throw new SettingsError('etcdEndpoints', `holds "${bad}"; each must look like http://HOST:PORT`);
  const tls = tlsOf({
    ca: pem(settings.etcdCACertFile, settings.etcdCACert),
    cert: pem(settings.etcdCertFile, settings.etcdCert),
    key: pem(settings.etcdKeyFile, settings.etcdKey),
  });
  return {
    type: 'etcd',
    endpoints: endpoints.map((text) => text.replace(/\/$/, '')),
    ...(settings.etcdUsername && { username: settings.etcdUsername }),
    ...(settings.etcdPassword && { password: settings.etcdPassword }),
    ...(tls && { tls }),
  };
}

function kubernetesChoice(settings: CalicoSettings): KubernetesChoice {
  const insecure = isTrue(settings.k8sInsecureSkipTLSVerify);
  const files = tlsOf({
    ca: pem(settings.k8sCAFile),
    cert: pem(settings.k8sCertFile),
    key: pem(settings.k8sKeyFile),
  });
  const tls = files || insecure ? { ...files, ...(insecure && { insecureSkipVerify: true }) } : undefined;
  const v3 = settings.calicoAPIGroup?.toLowerCase() === 'projectcalico.org/v3';
  return {
    type: 'kubernetes',
    ...(settings.kubeconfig && { kubeconfig: settings.kubeconfig }),
    ...(settings.kubeconfigInline && { kubeconfigInline: settings.kubeconfigInline }),
    ...(settings.k8sCurrentContext && { context: settings.k8sCurrentContext }),
    ...(settings.k8sAPIEndpoint && { server: settings.k8sAPIEndpoint }),
    ...(settings.k8sAPIToken && { token: settings.k8sAPIToken }),
    ...(tls && { tls }),
    ...(settings.calicoAPIGroup && { apiGroup: v3 ? 'projectcalico.org/v3' : 'crd.projectcalico.org/v1' }),
  };
}

/** A file wins over text, as in Calico; neither is no source. */
function pem(file: string | undefined, text?: string): PemSource | undefined {
  if (file) return { file };
  return text ? { text } : undefined;
}

function tlsOf(sources: { [Name in keyof TlsFiles]: PemSource | undefined }): TlsFiles | undefined {
  const given = Object.entries(sources).filter(([, source]) => source !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

function isTrue(text: string | undefined): boolean {
  return /^(1|t|true)$/i.test(text ?? '');
}
