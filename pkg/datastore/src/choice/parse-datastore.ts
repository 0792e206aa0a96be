/**
 * A datastore in one word, as `--datastore`, `WEFT_DATASTORE`, `--from` and `--to` take it.
 */
import type {
  DatastoreChoice,
  EtcdChoice,
  KubernetesChoice,
  PemSource,
  TlsFiles,
} from './datastore-choice.ts';

/** The forms that are understood, for help texts and messages. */
export const DATASTORE_FORMS: string = [
  '/path/weft.db',
  'etcd://[USER:PASSWORD@]HOST:PORT[,HOST:PORT]',
  'etcd:///path/socket',
  'etcds://HOST:PORT?ca=FILE&cert=FILE&key=FILE',
  'kubernetes:[/path/kubeconfig][?context=NAME&group=v1|v3]',
].join(', ');

/** A datastore, or what is wrong with the text. */
export type ParsedDatastore =
  | { readonly ok: true; readonly choice: DatastoreChoice }
  | { readonly ok: false; readonly reason: string };

/** Reads one of `DATASTORE_FORMS`; a text without a scheme is the path of an embedded store. */
export function parseDatastore(text: string): ParsedDatastore {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case undefined:
      return text === '' ? wrong('it is empty') : { ok: true, choice: { type: 'embedded', path: text } };
    case 'embedded':
      return rest === ''
        ? wrong('the path is missing')
        : { ok: true, choice: { type: 'embedded', path: rest } };
    case 'etcd':
    case 'etcds':
      return parseEtcd(scheme, rest);
    case 'kubernetes':
      return parseKubernetes(rest);
    default:
      return wrong(`"${scheme}" is no kind of datastore`);
  }
}

function parseEtcd(scheme: 'etcd' | 'etcds', rest: string): ParsedDatastore {
  const [, socket] = /^\/\/(\/.+)$/s.exec(rest) ?? [];
  if (scheme === 'etcd' && socket !== undefined)
    return { ok: true, choice: { type: 'etcd', endpoints: [`unix://${socket}`] } };
  const [, user, hosts = '', query = ''] = /^\/\/(?:([^@/]*)@)?([^/?@]*)(?:\?(.*))?$/s.exec(rest) ?? [];
  const names = hosts.split(',').filter((name) => name !== '');
  if (names.length === 0) return wrong('the endpoints are missing');
  const bad = names.find((name) => !isHostAndPort(name));
  if (bad !== undefined) return wrong(`"${bad}" is not HOST:PORT`);
  const settings = readQuery(query, ['ca', 'cert', 'key']);
  if (typeof settings === 'string') return wrong(settings);
  if (scheme === 'etcd' && settings.size > 0) return wrong('certificates need the scheme etcds');
  const tls = tlsFiles(settings);
  const choice: EtcdChoice = {
    type: 'etcd',
    endpoints: names.map((name) => `${scheme === 'etcds' ? 'https' : 'http'}://${name}`),
    ...(user !== undefined && credentials(user)),
    ...(Object.keys(tls).length > 0 && { tls }),
  };
  return { ok: true, choice };
}

function parseKubernetes(rest: string): ParsedDatastore {
  const [path = '', query = ''] = rest.split(/\?(.*)/s);
  const settings = readQuery(query, ['context', 'group']);
  if (typeof settings === 'string') return wrong(settings);
  const group = settings.get('group');
  if (group !== undefined && group !== 'v1' && group !== 'v3')
    return wrong(`group is v1 or v3, not "${group}"`);
  const context = settings.get('context');
  const choice: KubernetesChoice = {
    type: 'kubernetes',
    ...(path !== '' && { kubeconfig: path }),
    ...(context !== undefined && { context }),
    ...(group && { apiGroup: group === 'v1' ? 'crd.projectcalico.org/v1' : 'projectcalico.org/v3' }),
  };
  return { ok: true, choice };
}

function isHostAndPort(name: string): boolean {
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):(\d+)$/.exec(name) ?? [];
  return port !== undefined && Number(port) > 0 && Number(port) <= 65535;
}

/** The settings of a query, or which of them nobody knows. */
function readQuery(query: string, known: readonly string[]): Map<string, string> | string {
  const settings = new Map(new URLSearchParams(query));
  const unknown = [...settings.keys()].find((name) => !known.includes(name));
  return unknown === undefined ? settings : `"${unknown}" is not one of ${known.join(', ')}`;
}

function tlsFiles(settings: ReadonlyMap<string, string>): TlsFiles {
  const files = [...settings].map(([name, file]): [string, PemSource] => [name, { file }]);
  return Object.fromEntries(files);
}

function credentials(user: string): Pick<EtcdChoice, 'username' | 'password'> {
  const [username = '', password] = user.split(/:(.*)/s).map(decodeURIComponent);
  return { username, ...(password !== undefined && { password }) };
}

function wrong(reason: string): ParsedDatastore {
  return { ok: false, reason: `${reason}; it must look like one of: ${DATASTORE_FORMS}` };
}
