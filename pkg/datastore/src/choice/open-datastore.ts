/**
 * Opens whichever datastore was chosen. A driver is loaded only when it is used, so that none waits for the others' imports.
 */
import type { Datastore, OnUnreadable } from '../datastore.ts';
import type { DatastoreChoice } from './datastore-choice.ts';

/** How to open; `create` makes an embedded store's file when it is missing. */
export interface OpenOptions {
  readonly create?: boolean;
  readonly onUnreadable?: OnUnreadable;
}

/** Opens a datastore. Throws `DatastoreError` when it cannot be reached or is not what it was said to be. */
export async function openDatastore(choice: DatastoreChoice, options: OpenOptions = {}): Promise<Datastore> {
  switch (choice.type) {
    case 'embedded': {
      const { openEmbedded } = await import('../embedded/embedded-store.ts');
      return openEmbedded({ create: false, ...options, path: choice.path });
    }
    case 'kubernetes': {
      const { openKubernetes } = await import('../kubernetes/kubernetes-store.ts');
      return openKubernetes(choice, options);
    }
    case 'etcd': {
      const { openEtcd } = await import('../etcd/etcd-store.ts');
      return openEtcd(choice, options);
    }
  }
}
