/**
 * Tunnel devices of the fake kernel, and the forwarding tables of VXLAN ones. This kernel has no IPIP, as those the tests
 * run on.
 */
import { familyOf } from '@weft/ip';
import type { Change, ChangeResult, ForwardingEntry } from '../kernel.ts';
import { newLink, refuseName } from './links.ts';
import type { FakeNamespace } from './namespace.ts';

type ChangeOf<Op extends Change['op']> = Extract<Change, { op: Op }>;

/** Ethernet, VXLAN, UDP and IP. */
const overheadBytes = { 4: 50, 6: 70 } as const;

/** Makes a VXLAN device. */
export function addVxlan(namespace: FakeNamespace, change: ChangeOf<'add-vxlan'>): ChangeResult {
  const { vxlan } = change;
  const refusal = refuseName(namespace, change.name);
  if (refusal !== undefined) return refusal;
  const { local, parentIndex } = vxlan;
  const parent = parentIndex === undefined ? undefined : namespace.links.get(parentIndex);
  if (parent === undefined && parentIndex !== undefined) return { errno: 'ENODEV' };
  const fits = parent === undefined ? change.mtuBytes : parent.mtuBytes - overheadBytes[familyOf(local)];
  const mtuBytes = Math.min(change.mtuBytes, fits);
  newLink(namespace, namespace.nextIndex(), { ...change, mtuBytes }, 'vxlan', { vxlan });
  return null;
}

/** Refuses as Linux without the module does. */
export function addIpip(): ChangeResult {
  return { errno: 'EOPNOTSUPP', message: 'Unknown device type' };
}

/** Writes an entry in place of the one for the same MAC. */
export function replaceForwarding(namespace: FakeNamespace, entry: ForwardingEntry): ChangeResult {
  const refusal = refuseDevice(namespace, entry);
  if (refusal !== undefined) return refusal;
  const others = namespace.forwarding.filter(
    (other) => other.interfaceIndex !== entry.interfaceIndex || other.mac !== entry.mac,
  );
  namespace.forwarding = [...others, entry];
  return null;
}

/** Deletes an entry. */
export function deleteForwarding(namespace: FakeNamespace, entry: ForwardingEntry): ChangeResult {
  const refusal = refuseDevice(namespace, entry);
  if (refusal !== undefined) return refusal;
  const rest = namespace.forwarding.filter((other) => !isSame(other, entry));
  if (rest.length === namespace.forwarding.length) return { errno: 'ENOENT' };
  namespace.forwarding = rest;
  return null;
}

function refuseDevice(
  namespace: FakeNamespace,
  { interfaceIndex }: ForwardingEntry,
): ChangeResult | undefined {
  return namespace.links.has(interfaceIndex) ? undefined : { errno: 'ENODEV' };
}

function isSame(left: ForwardingEntry, right: ForwardingEntry): boolean {
  return (
    left.interfaceIndex === right.interfaceIndex && left.mac === right.mac && left.remote === right.remote
  );
}
