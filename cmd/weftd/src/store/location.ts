/** Where a datastore is, in words that hold no secret. */
import type { DatastoreChoice } from '@weft/datastore';

/** A kind of store and its place: a file, endpoints, or how the API server is found. */
export interface StoreLocation {
  readonly type: DatastoreChoice['type'];
  readonly location: string;
}

/** Puts a choice into words; credentials are left out. */
export function locationOf(choice: DatastoreChoice): StoreLocation {
  switch (choice.type) {
    case 'embedded':
      return { type: choice.type, location: choice.path };
    case 'etcd':
      return { type: choice.type, location: choice.endpoints.join(',') };
    case 'kubernetes': {
      const { kubeconfig, server, context } = choice;
      const place = server ?? kubeconfig ?? 'the kubeconfig of this account, or that of its Pod';
      return { type: choice.type, location: context === undefined ? place : `${place} (context ${context})` };
    }
  }
}
