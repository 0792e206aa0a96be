/** What a client certificate says about who asks. */
import type { TLSSocket } from 'node:tls';
import type { Asker, Permission } from '../asker.ts';

/** The organizations that give a permission, as Kubernetes reads groups from certificates. */
export const ORGANIZATIONS: Readonly<Record<Exclude<Permission, 'nothing'>, string>> = {
  read: 'weft:readers',
  change: 'weft:operators',
};

/** Characters of a name that are told; a certificate may have thousands. */
const MAX_NAME = 200;

/** Who has opened a connection, by the certificate that TLS has verified. */
export function certificateAsker(socket: TLSSocket): Asker {
  const { subject } = socket.getPeerCertificate();
  return {
    identity: { certificate: (valuesOf(subject?.CN)[0] ?? 'without a name').slice(0, MAX_NAME) },
    may: permissionOf(valuesOf(subject?.O)),
  };
}

function permissionOf(organizations: readonly string[]): Permission {
  if (organizations.includes(ORGANIZATIONS.change)) return 'change';
  return organizations.includes(ORGANIZATIONS.read) ? 'read' : 'nothing';
}

/** A field that stands once is text, one that stands several times a list. */
function valuesOf(field: string | string[] | undefined): readonly string[] {
  return field === undefined ? [] : [field].flat();
}
