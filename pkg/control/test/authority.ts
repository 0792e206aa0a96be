/** An authority of a test's own and what it signs, made by openssl in a folder. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsFiles } from '../src/index.ts';

/** What a certificate says. */
export interface Wanted {
  /** As openssl takes it: `/O=weft:readers/CN=alice`. */
  readonly subject: string;
  readonly use: 'serverAuth' | 'clientAuth';
  /** Name of a server. */
  readonly dns?: string;
  /** Below 0: expired. */
  readonly days?: number;
}

/** Signs certificates. */
export class Authority {
  readonly #directory: string;
  readonly #key: string;
  /** Its own certificate. */
  readonly ca: string;

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.ca = join(directory, `${name}.crt`);
    this.#key = join(directory, `${name}.key`);
    const kind = ['-x509', ...NEW_KEY, '-days', '1', '-subj', `/CN=${name}`];
    openssl('req', ...kind, '-keyout', this.#key, '-out', this.ca);
  }

  /** A certificate and its key, beside the authority's own; whose holder trusts this authority. */
  sign(name: string, { days = 1, dns, subject, use }: Wanted): TlsFiles {
    const file = (ending: string): string => join(this.#directory, `${name}.${ending}`);
    const extensions = [
      `extendedKeyUsage=${use}`,
      ...(dns === undefined ? [] : [`subjectAltName=DNS:${dns}`]),
    ];
    writeFileSync(file('ext'), extensions.join('\n'));
    openssl('req', ...NEW_KEY, '-subj', subject, '-keyout', file('key'), '-out', file('csr'));
    const signer = ['-CA', this.ca, '-CAkey', this.#key, '-CAcreateserial', '-days', String(days)];
    openssl('x509', '-req', '-in', file('csr'), ...signer, '-extfile', file('ext'), '-out', file('crt'));
    return { certificate: file('crt'), key: file('key'), ca: this.ca };
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
