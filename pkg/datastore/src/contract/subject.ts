/**
 * What the contract suite needs from a driver under test, and the small words its cases are written in.
 */
import { expect } from 'vitest';
import type { Datastore, DatastoreError, ResourceKey, UnreadableObject, WatchEvent } from '../datastore.ts';
import { countOf, type Pool, pool } from './samples.ts';

/** A store that is empty at first, and what the world around it can do. */
export interface ContractSubject {
  readonly store: Datastore;
  /** A second client of the same data, as another process has one; without it cases use `store` twice. */
  connect?(): Promise<Datastore>;
  /** True where the history lies in the memory of this process, so that no case can tell it from a driver's queue. */
  readonly keepsHistoryInProcess?: boolean;
  /** Makes the store forget every change up to now. */
  compact?(): Promise<void>;
  /** The server that keeps the data, where there is one: the cases of `faults.ts` kill it. */
  readonly server?: ContractServer;
  /**
   * Stores this text as the object's value, as another program would, whether it was there or not: old, incomplete and
   * broken values. The text is in the form of `rawForm`.
   */
  putRaw?(key: ResourceKey, text: string): Promise<void>;
  readonly rawForm?: RawForm;
  /** Grows with each call of the driver's `onUnreadable`, where the subject listens to it. */
  readonly unreadable?: readonly UnreadableObject[];
  /** False where WorkloadEndpoints, the only namespaced kind, cannot be created (in Kubernetes they are Pods). */
  readonly namespaces: boolean;
  /** Closes the store and removes all it left. */
  dispose(): Promise<void>;
}

/**
 * What a raw value looks like: the resource itself (embedded); Calico's value under the key of the object in etcd, which for the
 * IPAM kinds has neither kind nor metadata; the custom resource of crd.projectcalico.org/v1.
 */
export type RawForm = 'resource' | 'etcd' | 'crd';

/** A server under a driver. After every verb the data is as it was: it is on disk. */
export interface ContractServer {
  /** Ends the process at once, as SIGKILL does, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same address and the same data, and waits until it answers. */
  start(): Promise<void>;
  /** Cuts every connection of the driver without a farewell, wherever in an answer it is; new ones are taken. */
  cutConnections?(): Promise<void>;
}

/** The subject of the case that runs. */
export type UseSubject = () => ContractSubject;

/** A place for the subject of the current case. */
export function currentSubject(): { get: UseSubject; set(subject: ContractSubject): void } {
  let subject: ContractSubject | undefined;
  return {
    get: () => {
      if (!subject) throw new Error('There is no subject outside of a case.');
      return subject;
    },
    set: (next) => {
      subject = next;
    },
  };
}

/** Another client where the driver offers one. */
export async function otherClient(subject: ContractSubject): Promise<Datastore> {
  return (await subject.connect?.()) ?? subject.store;
}

/** The resource of a write that must have succeeded. */
export function written<T>(outcome: { readonly kind: string; readonly resource?: T }): T {
  expect(outcome.kind).toBe('written');
  return outcome.resource as T;
}

/** Creates a pool that must be new. */
export async function createPool(store: Datastore, ...args: Parameters<typeof pool>): Promise<Pool> {
  return written<Pool>(await store.create(pool(...args)));
}

/** The next `count` events; the case's own timeout is the deadline. */
export async function take<T>(events: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) throw new Error(`The watch ended after ${taken.length} of ${count} events.`);
    taken.push(value);
  }
  return taken;
}

/** All events up to, not including, the creation of the pool of this name: shows that nothing else came before it. */
export async function takeUntilPool(
  events: AsyncIterator<WatchEvent<'IPPool'>>,
  name: string,
): Promise<WatchEvent<'IPPool'>[]> {
  const taken: WatchEvent<'IPPool'>[] = [];
  for (;;) {
    const [event] = (await take(events, 1)) as [WatchEvent<'IPPool'>];
    if (event.kind === 'put' && event.resource.metadata.name === name) return taken;
    taken.push(event);
  }
}

/** One line per event: `put a 0`, `delete a`. */
export function tell(event: WatchEvent<'IPPool'>): string {
  return event.kind === 'put'
    ? `put ${event.resource.metadata.name} ${countOf(event.resource)}`
    : `delete ${event.key.name}`;
}

/** The code of the DatastoreError that a promise must reject with. */
export async function failureCode(promise: Promise<unknown>): Promise<DatastoreError['code']> {
  const error = await promise.then(
    () => expect.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'DatastoreError' });
  return (error as DatastoreError).code;
}
