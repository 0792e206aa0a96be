/** Begins a request to the daemon of another machine: it has to prove that it is that node's. */
import type { ClientRequest, RequestOptions } from 'node:http';
import { request } from 'node:https';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { RemoteDaemon } from '../client.ts';
import { readTlsFiles, TLS_VERSION } from './tls-files.ts';

/** Throws `ControlError` with `unusable-credentials`. What the connection fails with comes as its error. */
export function remoteRequest(
  { files, host, node, port }: RemoteDaemon,
  options: RequestOptions,
): ClientRequest {
  return request({
    ...options,
    ...readTlsFiles(files),
    host,
    port,
    minVersion: TLS_VERSION,
    // Not even the environment (NODE_TLS_REJECT_UNAUTHORIZED) makes an exception.
    rejectUnauthorized: true,
    // Whatever the address: the certificate names the node.
    checkServerIdentity: (_address, certificate) => checkServerIdentity(node, certificate),
    ...(isIP(node) === 0 ? { servername: node } : {}),
  });
}
