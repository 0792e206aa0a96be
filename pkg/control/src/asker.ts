/** Who asks, as far as the connection proves it, and what that allows. */
import type { Access } from './operations.ts';
import { type Refusal, refuse } from './schema/refusal.ts';

/** What somebody may do. Who may change may read, too. */
export type Permission = 'nothing' | Access;

/** The other side of a connection, as it stands in the log: a process of this machine, or the owner of a certificate. */
export interface AskerIdentity {
  /** User of a process on the unix socket. */
  readonly uid?: number;
  readonly pid?: number;
  /** Common name of a client certificate. */
  readonly certificate?: string;
}

/** Who asks, and what they may do. */
export interface Asker {
  readonly identity: AskerIdentity;
  readonly may: Permission;
}

/** Why somebody may not have an operation done; undefined when they may. */
export function whyForbidden({ identity, may }: Asker, access: Access, path: string): Refusal | undefined {
  if (may === 'change' || may === access) return undefined;
  const what = may === 'nothing' ? 'nothing of this daemon' : 'read, but change nothing';
  return refuse('forbidden', `${nameOf(identity)} may ${what}`, path, hintFor(identity));
}

function nameOf({ certificate, pid, uid }: AskerIdentity): string {
  if (certificate !== undefined) return `The owner of certificate ${certificate}`;
  return uid === undefined ? 'Whoever asks' : `Process ${pid} of user ${uid}`;
}

function hintFor({ certificate }: AskerIdentity): string {
  if (certificate === undefined) return 'Ask as root.';
  return 'Its subject must have O=weft:readers to read, O=weft:operators to change: see docs/threat-model.md.';
}
