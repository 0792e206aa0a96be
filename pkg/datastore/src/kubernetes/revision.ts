/**
 * Revisions of Kubernetes: opaque, but for two things every server keeps: they are decimal, and 0 means "any".
 */

/** True for a text that a server may have handed out; anything else is the revision of another store. */
export function isRevision(text: string | undefined): boolean {
  return text !== undefined && /^[1-9]\d{0,18}$/.test(text);
}
