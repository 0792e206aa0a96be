/** What is printed: objects, and what their form depends on. */
import type { ColumnContext, Kind, Resource } from '@weft/resources';

/** An object as a watch reports it; `event` only when events are to be printed. */
export interface WatchedObject {
  readonly resource: Resource;
  readonly event?: 'ADDED' | 'MODIFIED' | 'DELETED';
}

/** What a printer depends on beside the objects. */
export interface PrinterContext extends ColumnContext {
  /** Absent for objects of several kinds, which no table shows. */
  readonly kind: Kind | undefined;
  readonly withNamespace: boolean;
  readonly withEvents: boolean;
}
