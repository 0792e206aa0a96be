/**
 * Finds the API server and the credentials: from the settings themselves, a kubeconfig, or the account of the Pod.
 *
 * Source: Kubernetes' "Organizing Cluster Access Using kubeconfig Files", and "Accessing the API from a Pod".
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { KubernetesChoice, PemSource } from '../../choice/datastore-choice.ts';
import { DatastoreError } from '../../datastore.ts';
import type { Connection, CredentialSource } from './connection.ts';
import { type ExecConfig, execCredentials } from './exec-credentials.ts';
import { fileText, fixedText, type TextSource } from './file-source.ts';

const ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

interface Cluster {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
}

interface User {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly exec?: ExecConfig;
}

interface Context {
  readonly cluster: string;
  readonly user?: string;
}

/** Entries by name; those of the file that comes first win. */
interface Config {
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly users: ReadonlyMap<string, User>;
  readonly contexts: ReadonlyMap<string, Context>;
}

/** Throws `DatastoreError` when no server is named, or a file cannot be read. */
export function findConnection(choice: KubernetesChoice, environment: NodeJS.ProcessEnv): Connection {
  const files = kubeconfigFiles(choice, environment);
  if (choice.kubeconfigInline !== undefined)
    return fromConfig(readConfig(choice.kubeconfigInline, 'the inline kubeconfig', '.'), choice);
  if (files.length > 0) return fromConfig(merge(files.map(readConfigFile)), choice);
  if (choice.server !== undefined) return override(bare(choice.server), choice);
  if (environment.KUBERNETES_SERVICE_HOST) return override(ofPod(environment), choice);
  throw new DatastoreError(
    'unavailable',
    'Cannot find Kubernetes: there is neither a kubeconfig nor a service account. Name a kubeconfig: --datastore kubernetes:/path/kubeconfig.',
  );
}

function kubeconfigFiles({ kubeconfig, server }: KubernetesChoice, environment: NodeJS.ProcessEnv): string[] {
  if (kubeconfig !== undefined) return kubeconfig.split(delimiter).filter((path) => path !== '');
  if (server !== undefined) return [];
  const named = (environment.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  if (named.length > 0) return named;
  const usual = join(environment.HOME ?? homedir(), '.kube', 'config');
  return existsSync(usual) ? [usual] : [];
}

function readConfigFile(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return readConfig(text, path, dirname(resolve(path)));
}

/** @param directory where relative paths inside begin */
function readConfig(text: string, title: string, directory: string): Config {
  let value: Record<string, unknown> | null;
  try {
    value = parse(text) as typeof value;
  } catch (cause) {
    throw unreadable(title, cause);
  }
  if (typeof value !== 'object' || value === null || !('clusters' in value))
    throw unreadable(title, new Error('it lists no clusters'));
  return {
    currentContext: (value['current-context'] as string | undefined) || undefined,
    clusters: entriesOf<Cluster>(value.clusters, 'cluster', directory),
    users: entriesOf<User>(value.users, 'user', directory),
    contexts: entriesOf<Context>(value.contexts, 'context', directory),
  };
}

/** The fields that hold paths, which count from the directory of their file. */
const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

function entriesOf<T>(list: unknown, field: string, directory: string): Map<string, T> {
  const entries = Array.isArray(list) ? list : [];
  return new Map(entries.map((entry) => [entry?.name, absolute(entry?.[field] ?? {}, directory)]));
}

function absolute<T extends object>(entry: T, directory: string): T {
  const paths = Object.entries(entry)
    .filter(([field, value]) => PATHS.includes(field) && typeof value === 'string' && value !== '')
    .map(([field, value]) => [field, resolve(directory, value)]);
  return { ...entry, ...Object.fromEntries(paths) };
}

function merge(configs: readonly Config[]): Config {
  const all = <T>(pick: (config: Config) => ReadonlyMap<string, T>) =>
    new Map(configs.toReversed().flatMap((config) => [...pick(config)]));
  return {
    currentContext: configs.find(({ currentContext }) => currentContext !== undefined)?.currentContext,
    clusters: all(({ clusters }) => clusters),
    users: all(({ users }) => users),
    contexts: all(({ contexts }) => contexts),
  };
}

function fromConfig(config: Config, choice: KubernetesChoice): Connection {
  const name = choice.context ?? config.currentContext;
  if (name === undefined)
    throw badConfig('no context is current', `Choose one of ${namesOf(config.contexts)}.`);
  const context = config.contexts.get(name);
  if (!context)
    throw badConfig(`there is no context "${name}"`, `Choose one of ${namesOf(config.contexts)}.`);
  const cluster = config.clusters.get(context.cluster);
  if (!cluster?.server)
    throw badConfig(
      `cluster "${context.cluster}" of context "${name}" has no server`,
      'Correct the kubeconfig.',
    );
  const user = config.users.get(context.user ?? '') ?? {};
  const ca = data(cluster['certificate-authority-data'], cluster['certificate-authority']);
  return override(
    {
      server: cluster.server,
      ...(ca && { ca }),
      insecureSkipVerify: cluster['insecure-skip-tls-verify'] ?? false,
      ...(cluster['tls-server-name'] && { tlsServerName: cluster['tls-server-name'] }),
      credentials: credentialsOf(user, cluster),
    },
    choice,
  );
}

function credentialsOf(user: User, cluster: Cluster): CredentialSource {
  if (user.exec) return execCredentials(user.exec, cluster);
  const token = user.tokenFile ? fileText(user.tokenFile) : user.token ? fixedText(user.token) : undefined;
  const cert = data(user['client-certificate-data'], user['client-certificate']);
  const key = data(user['client-key-data'], user['client-key']);
  return fromTexts(token, cert, key);
}

/** What the settings name themselves goes before what a kubeconfig says. */
function override(found: Connection, { server, token, tls }: KubernetesChoice): Connection {
  const ca = tls?.ca && source(tls.ca);
  const own = token || tls?.cert || tls?.key;
  const address = (server ?? found.server).replace(/\/+$/, '');
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    throw badConfig(`server "${address}" is no address`, 'Write it as https://HOST:PORT.');
  return {
    ...found,
    server: address,
    ...(ca && { ca }),
    insecureSkipVerify: tls?.insecureSkipVerify ?? found.insecureSkipVerify,
    ...(own && {
      credentials: fromTexts(
        token ? fixedText(token) : undefined,
        tls?.cert && source(tls.cert),
        tls?.key && source(tls.key),
      ),
    }),
  };
}

function bare(server: string): Connection {
  return { server, insecureSkipVerify: false, credentials: async () => ({}) };
}

/** The account that Kubernetes gives to every Pod; its token is renewed in the file. */
function ofPod({
  KUBERNETES_SERVICE_HOST: host = '',
  KUBERNETES_SERVICE_PORT: port,
}: NodeJS.ProcessEnv): Connection {
  const address = host.includes(':') ? `[${host}]` : host;
  return {
    server: `https://${address}:${port ?? 443}`,
    ca: fileText(`${ACCOUNT_DIRECTORY}/ca.crt`),
    insecureSkipVerify: false,
    credentials: fromTexts(fileText(`${ACCOUNT_DIRECTORY}/token`), undefined, undefined),
  };
}

function fromTexts(
  token: TextSource | undefined,
  cert: TextSource | undefined,
  key: TextSource | undefined,
): CredentialSource {
  return async () => ({
    ...(token && { token: token().trim() }),
    ...(cert && { cert: cert() }),
    ...(key && { key: key() }),
  });
}

/** Inline data is base64 and goes before a file. */
function data(inline: string | undefined, path: string | undefined): TextSource | undefined {
  if (inline) return fixedText(Buffer.from(inline, 'base64').toString());
  return path ? fileText(path) : undefined;
}

function source(pem: PemSource): TextSource {
  return 'file' in pem ? fileText(pem.file) : fixedText(pem.text);
}

function namesOf(contexts: ReadonlyMap<string, Context>): string {
  return [...contexts.keys()].join(', ') || 'none: the kubeconfig has no contexts';
}

function badConfig(why: string, next: string): DatastoreError {
  return new DatastoreError('unavailable', `Cannot use the kubeconfig: ${why}. ${next}`);
}

function unreadable(title: string, cause: unknown): DatastoreError {
  const why = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]?.replace(/[.:]$/, '');
  return new DatastoreError(
    'unavailable',
    `Cannot read kubeconfig ${title}: ${why}. Name another one, or mend it.`,
    { cause },
  );
}
