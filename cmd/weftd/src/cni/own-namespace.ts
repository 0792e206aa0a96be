/** Is a path the network namespace of the host? */
import { statSync } from 'node:fs';

/** True when the path leads to weftd's own network namespace. What cannot be read is somebody else's to report. */
export function isOwnNamespace(path: string): boolean {
  const own = statSync('/proc/self/ns/net');
  const other = statSync(path, { throwIfNoEntry: false });
  return other !== undefined && other.ino === own.ino && other.dev === own.dev;
}
