/**
 * ROUTE-REFRESH: a request to send a family again, and the two marks around the answer.
 *
 * Source: RFC 2918 §3, RFC 7313 §3.2.
 */

import type { AfiSafi } from '../family.ts';

/** A ROUTE-REFRESH as it stands on the wire. */
export interface RouteRefreshMessage extends AfiSafi {
  /** 0 request, 1 beginning of the answer, 2 end of it; other values are to be ignored (RFC 7313 §5). */
  readonly subtype: number;
}
