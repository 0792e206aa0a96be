/**
 * Sysctls of the fake kernel: what was written is read back. Keys of an interface exist while it does, and start at "0".
 */
import type { ChangeResult } from '../kernel.ts';
import type { FakeNamespace } from './namespace.ts';

/** The value of a key. */
export function readSysctl(namespace: FakeNamespace, key: string): string | undefined {
  const name = interfaceOf(key);
  if (name === undefined) return namespace.sysctls.get(key);
  return interfaceExists(namespace, name) ? (namespace.sysctls.get(key) ?? '0') : undefined;
}

/** Writes a key. */
export function writeSysctl(namespace: FakeNamespace, key: string, value: string): ChangeResult {
  const name = interfaceOf(key);
  if (name !== undefined && !interfaceExists(namespace, name)) return { errno: 'ENOENT' };
  namespace.sysctls.set(key, value);
  return null;
}

function interfaceOf(key: string): string | undefined {
  return /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//.exec(key)?.[1];
}

function interfaceExists(namespace: FakeNamespace, name: string): boolean {
  return name === 'all' || name === 'default' || namespace.linkByName(name) !== undefined;
}
