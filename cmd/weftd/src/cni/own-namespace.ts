/** Is a path the network namespace of the host? */
import { type Stats, statSync } from 'node:fs';

/** True when the path leads to weftd's own network namespace. What cannot be read is somebody else's to report. */
export function isOwnNamespace(path: string): boolean {
  const own = statSync('/proc/self/ns/net');
  const other = readable(path);
  return other !== undefined && other.ino === own.ino && other.dev === own.dev;
}

function readable(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // it is not there, or lies in the /proc of a process that may not be looked at
  }
}
