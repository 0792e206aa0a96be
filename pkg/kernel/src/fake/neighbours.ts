/**
 * Permanent neighbour entries of the fake kernel.
 */
import type { ChangeResult, Neighbour } from '../kernel.ts';
import type { FakeNamespace } from './namespace.ts';

/** Writes an entry in place of any for the same address. */
export function replaceNeighbour(namespace: FakeNamespace, neighbour: Neighbour): ChangeResult {
  if (!namespace.links.has(neighbour.interfaceIndex)) return { errno: 'ENODEV' };
  namespace.neighbours = [...namespace.neighbours.filter((other) => !sameEntry(other, neighbour)), neighbour];
  return null;
}

/** Deletes an entry. */
export function deleteNeighbour(namespace: FakeNamespace, neighbour: Neighbour): ChangeResult {
  if (!namespace.links.has(neighbour.interfaceIndex)) return { errno: 'ENODEV' };
  const rest = namespace.neighbours.filter((other) => !sameEntry(other, neighbour));
  if (rest.length === namespace.neighbours.length) return { errno: 'ENOENT' };
  namespace.neighbours = rest;
  return null;
}

function sameEntry(left: Neighbour, right: Neighbour): boolean {
  return left.interfaceIndex === right.interfaceIndex && left.address === right.address;
}
