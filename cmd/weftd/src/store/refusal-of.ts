/** A failure of the datastore as the answer to whoever wanted a container plugged in or out. */
import { type Refusal, refuse } from '@weft/control';
import { DatastoreError, type DatastoreErrorCode } from '@weft/datastore';
import type { StoreLocation } from './location.ts';

const HINTS: Readonly<Partial<Record<DatastoreErrorCode, string>>> = {
  unavailable:
    'Bring the datastore back, then ask again; pods that run are not touched. `weftctl node status` shows since when it is away.',
  full: 'Make room in the datastore, then ask again.',
  corrupt:
    'Correct the object that the message names, then ask again. Deleting an IPAMBlock gives addresses of its containers out again.',
  'read-only': 'Let weftd write to the datastore, then ask again.',
  closed: 'weftd is ending: ask again when it runs.',
};

/** The refusal; undefined for what is no failure of the datastore, or one that only a programmer can cause. */
export function refusalOf(
  error: unknown,
  { type, location }: StoreLocation,
  id: string,
): Refusal | undefined {
  if (!(error instanceof DatastoreError)) return undefined;
  const hint = HINTS[error.code];
  if (hint === undefined) return undefined;
  const what = error.code === 'unavailable' ? 'is away' : 'did not do it';
  const message = `the datastore (${type} ${location}) ${what}: ${error.message.replace(/\.$/, '')}`;
  return refuse('unavailable', message, id, hint);
}
