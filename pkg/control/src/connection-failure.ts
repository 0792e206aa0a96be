/** Why no answer came, in words: what a connection's error code means to whoever asked. */
import type { RemoteDaemon } from './client.ts';
import { ControlError, type ControlErrorCode } from './error.ts';

type Words = readonly [code: ControlErrorCode, what: string, hint: string];

/** A daemon over TCP, and since when the certificate is expired that it was shown, as far as that can be read. */
interface Remote extends RemoteDaemon {
  readonly expired: Date | undefined;
}

/** The error of a call whose connection failed. `remote`: the daemon, when it is one over TCP. */
export function connectionFailure(
  cause: NodeJS.ErrnoException,
  place: string,
  remote?: Remote,
): ControlError {
  if (cause instanceof ControlError) return cause;
  const reason = cause.code ?? cause.name;
  const words = of(reason) ?? (remote === undefined ? onSocket(reason) : overTls(reason, remote));
  const [code, what, hint] = words ?? broken(reason);
  return new ControlError(code, what, place, hint, { cause });
}

function of(reason: string): Words | undefined {
  switch (reason) {
    case 'ABORT_ERR':
    case 'AbortError':
    case 'TimeoutError':
      return [
        'timeout',
        'The daemon does not answer in time',
        'It is busy or stuck: read its log, then ask again.',
      ];
    case 'TOO_LARGE':
      return [
        'bad-reply',
        'The answer is longer than any daemon would send',
        'Is it a weftd of the same version?',
      ];
    default:
      return undefined;
  }
}

function onSocket(reason: string): Words | undefined {
  switch (reason) {
    case 'ENOENT':
    case 'ENOTDIR':
      return ['unreachable', 'There is no control socket', 'Is weftd running? Start it, or name its socket.'];
    case 'ECONNREFUSED':
      return [
        'unreachable',
        'Nobody listens on the control socket',
        'weftd has died: read its log, start it again.',
      ];
    case 'EACCES':
    case 'EPERM':
      return [
        'unreachable',
        'No permission to use the control socket',
        'Run as the user of weftd, usually root.',
      ];
    default:
      return undefined;
  }
}

/** TLS closes a connection whose client certificate it does not like without a word, as a daemon that ends does. */
function overTls(reason: string, { expired, files, node }: Remote): Words | undefined {
  if (reason === 'ECONNREFUSED')
    return [
      'unreachable',
      `Nobody listens on the control address of ${node}`,
      'Does weftd run there? See its log.',
    ];
  if (reason === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return [
      'not-trusted',
      `The daemon's certificate is not that of node ${node}`,
      'Something else answers there.',
    ];
  if (reason === 'ECONNRESET' || reason === 'EPIPE' || reason.includes('ALERT')) {
    if (expired !== undefined)
      return [
        'not-trusted',
        `The daemon of ${node} does not accept ${files.certificate}: it has expired (${expired.toISOString()})`,
        'Get a new certificate from whoever signs them.',
      ];
    return [
      'not-trusted',
      `The daemon of ${node} closed the connection (${reason})`,
      `It does so when it does not accept ${files.certificate}: see control-handshake-failed in its log, or ask again.`,
    ];
  }
  if (/CERT|ISSUER|SIGNATURE|PURPOSE/.test(reason))
    return [
      'not-trusted',
      `The certificate of node ${node} is not accepted (${reason})`,
      `It must be valid and of an authority in ${files.ca}.`,
    ];
  return undefined;
}

function broken(reason: string): Words {
  return ['unreachable', `The connection broke (${reason})`, 'weftd may be restarting: ask again.'];
}
