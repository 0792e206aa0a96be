/**
 * Certificates for one test, made by openssl: two authorities, a server on loopback, and a client of each authority.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** Paths of PEM files. */
export interface TestCertificates {
  readonly ca: string;
  readonly foreignCa: string;
  readonly server: CertificateFiles;
  readonly client: CertificateFiles;
  /** Signed by the foreign authority. */
  readonly foreignClient: CertificateFiles;
}

/** A certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Makes them in a directory. They are valid for a day. */
export async function makeCertificates(directory: string): Promise<TestCertificates> {
  const ca = await makeAuthority(directory, 'ca');
  const foreignCa = await makeAuthority(directory, 'foreign-ca');
  return {
    ca: ca.cert,
    foreignCa: foreignCa.cert,
    server: await sign(directory, ca, 'server'),
    client: await sign(directory, ca, 'client'),
    foreignClient: await sign(directory, foreignCa, 'foreign-client'),
  };
}

const keyKind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function makeAuthority(directory: string, name: string): Promise<CertificateFiles> {
  const files = { cert: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  const subject = ['-subj', `/CN=${name}`, '-days', '1'];
  await execa('openssl', ['req', '-x509', ...keyKind, ...subject, '-keyout', files.key, '-out', files.cert]);
  return files;
}

async function sign(directory: string, ca: CertificateFiles, name: string): Promise<CertificateFiles> {
  const files = { cert: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  const request = join(directory, `${name}.csr`);
  const extensions = join(directory, `${name}.ext`);
  writeFileSync(
    extensions,
    'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n',
  );
  await execa('openssl', ['req', ...keyKind, '-subj', `/CN=${name}`, '-keyout', files.key, '-out', request]);
  const authority = ['-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial'];
  const output = ['-days', '1', '-extfile', extensions, '-out', files.cert];
  await execa('openssl', ['x509', '-req', '-in', request, ...authority, ...output]);
  return files;
}
