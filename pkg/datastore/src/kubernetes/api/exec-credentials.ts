/**
 * Credentials that a program tells (`users[].user.exec` of a kubeconfig): how cloud providers sign their users in.
 *
 * Source: client.authentication.k8s.io/v1, ExecCredential.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DatastoreError } from '../../datastore.ts';
import type { CredentialSource, Credentials } from './connection.ts';

/** The `exec` part of a user. */
export interface ExecConfig {
  readonly apiVersion: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly provideClusterInfo?: boolean;
  readonly installHint?: string;
}

const PROGRAM_TIMEOUT_MS = 60_000;
const MOST_OUTPUT_BYTES = 1 << 20;
/** A token is renewed this long before it ends, since a request takes time, too. */
const EARLY_MS = 10_000;

interface ExecAnswer {
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    readonly expirationTimestamp?: string;
  };
}

/** Runs the program when there are no credentials yet, when theirs is over, and when they were refused. */
export function execCredentials(config: ExecConfig, cluster: object): CredentialSource {
  let known: { readonly credentials: Promise<Credentials>; until: number } | undefined;
  return (renew) => {
    if (known && !renew && Date.now() < known.until) return known.credentials;
    const fresh = { credentials: run(), until: Number.POSITIVE_INFINITY };
    known = fresh;
    return fresh.credentials;

    async function run(): Promise<Credentials> {
      try {
        const { status = {} } = await ask(config, cluster);
        const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
        if (!token && !(cert && key)) throw new Error('it told neither a token nor a certificate');
        if (expirationTimestamp) fresh.until = Date.parse(expirationTimestamp) - EARLY_MS;
        return { ...(token && { token }), ...(cert && key && { cert, key }) };
      } catch (cause) {
        fresh.until = 0;
        throw failed(config, cause);
      }
    }
  };
}

async function ask(config: ExecConfig, cluster: object): Promise<ExecAnswer> {
  const { apiVersion, command, args, env, provideClusterInfo } = config;
  const spec = { interactive: false, ...(provideClusterInfo && { cluster }) };
  const info = JSON.stringify({ kind: 'ExecCredential', apiVersion, spec });
  const added = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  const { stdout } = await promisify(execFile)(command, args ?? [], {
    env: { ...process.env, ...added, KUBERNETES_EXEC_INFO: info },
    timeout: PROGRAM_TIMEOUT_MS,
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  return JSON.parse(stdout) as ExecAnswer;
}

function failed({ command, installHint }: ExecConfig, cause: unknown): DatastoreError {
  const { code, stderr, message } = cause as { code?: unknown; stderr?: string; message?: string };
  const isMissing = code === 'ENOENT';
  const why = isMissing ? 'there is no such program' : lastLine(stderr) || lastLine(message) || 'it failed';
  const next = (isMissing && installHint) || `Run it by hand to see why: ${command}.`;
  const text = `Cannot get credentials for Kubernetes from ${command}: ${why}. ${next}`;
  return new DatastoreError('unavailable', text.replaceAll(/\s+/g, ' '), { cause });
}

function lastLine(text = ''): string {
  return text.trim().split('\n').at(-1)?.replace(/\.$/, '') ?? '';
}
