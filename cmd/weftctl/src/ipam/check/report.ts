/** The report of `ipam check -o`: calicoctl's JSON, which `ipam release --from-report` reads again. Pure. */
import { type Address, parseAddress } from '@weft/ip';
import { type ClusterInformation, parseJson } from '@weft/resources';
import { isLocked } from '../../datastore/cluster-information.ts';
import type { AllocationRecord } from './allocations.ts';
import type { Survey } from './survey.ts';

/** A handle without addresses, as calicoctl's report names it. */
export interface HandleRecord {
  readonly ID: string;
  readonly UID: string | null;
  readonly Revision: string;
}

/** The report; field names and order are calicoctl's. */
export interface CheckReport {
  /** Of the program that wrote it. */
  readonly version: string;
  readonly clusterGUID: string;
  readonly datastoreLocked: boolean;
  readonly clusterInformationRevision: string;
  readonly clusterType: string;
  readonly allocations: Readonly<Record<string, readonly AllocationRecord[]>>;
  readonly leakedHandles?: readonly HandleRecord[];
}

/** The survey as a report. */
export function reportOf(
  { allocations, handlesWithoutAddress }: Survey,
  information: ClusterInformation | undefined,
  version: string,
): CheckReport {
  const leakedHandles = handlesWithoutAddress.map(({ metadata, spec }) => ({
    ID: spec.handleID,
    UID: metadata.uid ?? null,
    Revision: metadata.resourceVersion ?? '',
  }));
  return {
    version,
    clusterGUID: information?.spec.clusterGUID ?? '',
    datastoreLocked: isLocked(information),
    clusterInformationRevision: information?.metadata.resourceVersion ?? '',
    clusterType: information?.spec.clusterType ?? '',
    allocations: Object.fromEntries(allocations.map(({ record }) => [record.ip, [record]])),
    ...(leakedHandles.length > 0 && { leakedHandles }),
  };
}

/** What a release needs of a report. */
export interface ReadReport {
  readonly version: string;
  readonly clusterGUID: string;
  readonly clusterInformationRevision: string;
  /** Allocated, in use by nobody and not cooling down. */
  readonly unused: readonly UnusedAddress[];
  readonly leakedHandles: readonly HandleRecord[];
}

/** An address to release, with what tells this allocation from later ones. */
export interface UnusedAddress {
  readonly address: Address;
  readonly handle?: string;
  readonly sequenceNumber?: bigint;
}

/** Reads a report, ours or calicoctl's; a sentence without subject says what is wrong with one that is none. */
export function readReport(text: string): ReadReport | string {
  const value = parsed(text);
  if (typeof value === 'string') return value;
  const { version, clusterGUID, clusterInformationRevision, allocations, leakedHandles } = value;
  if (
    typeof version !== 'string' ||
    typeof clusterGUID !== 'string' ||
    typeof clusterInformationRevision !== 'string'
  )
    return 'lacks version, clusterGUID or clusterInformationRevision';
  if (!isRecord(allocations)) return 'lacks allocations';
  const entries = Object.values(allocations).flatMap((list) => (Array.isArray(list) ? list : [list]));
  const unused = entries
    .filter((entry) => !isRecord(entry) || !(entry.inUse || entry.coolingDown))
    .map(readUnused);
  const wrong = unused.find((entry) => typeof entry === 'string');
  if (wrong !== undefined) return wrong;
  const handles = leakedHandles ?? [];
  if (!Array.isArray(handles) || !handles.every(isHandleRecord)) return 'has leakedHandles that are none';
  return {
    version,
    clusterGUID,
    clusterInformationRevision,
    unused: unused as UnusedAddress[],
    leakedHandles: handles,
  };
}

function parsed(text: string): Record<string, unknown> | string {
  try {
    const value = parseJson(text);
    return isRecord(value) ? value : 'is not a JSON object';
  } catch {
    return 'is not JSON; is it whole?';
  }
}

function readUnused(entry: unknown): UnusedAddress | string {
  if (!isRecord(entry) || typeof entry.ip !== 'string') return 'has an allocation without ip';
  const address = parseAddress(entry.ip);
  if (!address.ok) return `has an allocation whose ip is none: ${JSON.stringify(entry.ip)}`;
  const { handle, sequenceNumber } = entry;
  const isWhole = typeof sequenceNumber === 'bigint' || Number.isSafeInteger(sequenceNumber);
  if (sequenceNumber !== undefined && !isWhole) return `has a sequenceNumber that is none, at ${entry.ip}`;
  return {
    address: address.value,
    ...(typeof handle === 'string' && handle !== '' && { handle }),
    ...(sequenceNumber !== undefined && { sequenceNumber: BigInt(sequenceNumber as bigint | number) }),
  };
}

function isHandleRecord(value: unknown): value is HandleRecord {
  return isRecord(value) && typeof value.ID === 'string' && typeof value.Revision === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
