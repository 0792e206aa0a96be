/** The PEM files by which daemon and client know each other over TCP. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ControlError } from '../error.ts';

/** Paths of PEM files: a certificate with what is between it and its authority, its key, the other side's authorities. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

/** What is in them. Never to be logged or answered. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

/** TLS 1.3 and nothing older: one handshake to reason about, and certificates that are not sent in clear text. */
export const TLS_VERSION = 'TLSv1.3';

/** Reads the files and sees whether they belong together. Throws `ControlError` with `unusable-credentials`. */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  const cert = read(files.certificate);
  const material = { cert, key: read(files.key), ca: read(files.ca) };
  attempt(files.certificate, 'is no certificate in PEM', () => new X509Certificate(cert));
  attempt(files.ca, 'holds no certificate in PEM', () => new X509Certificate(material.ca));
  attempt(files.key, `is not the key of ${files.certificate}`, () => createSecureContext(material));
  return material;
}

/** Since when the own certificate is of no use any more; undefined while its time is not over, or where it cannot be read. */
export function expiredSince({ certificate }: TlsFiles): Date | undefined {
  try {
    const { validToDate } = new X509Certificate(readFileSync(certificate));
    return validToDate.getTime() < Date.now() ? validToDate : undefined;
  } catch {
    return undefined; // it was read for the handshake, and is being exchanged
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw unusable(`cannot be read (${code})`, path, cause);
  }
}

/** What OpenSSL says may quote the file: it stays in the cause. */
function attempt(path: string, problem: string, use: () => unknown): void {
  try {
    use();
  } catch (cause) {
    throw unusable(problem, path, cause);
  }
}

function unusable(problem: string, path: string, cause: unknown): ControlError {
  const hint = 'Put the right file there, or name another.';
  return new ControlError('unusable-credentials', `This file ${problem}`, path, hint, { cause });
}
