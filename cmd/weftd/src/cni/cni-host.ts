/** What the CNI commands need of the daemon. */
import type { Attachment, AttachRequest, Detachment, Endpoint, Health, Refusal } from '@weft/control';
import type { Logger } from '@weft/telemetry';

/** The daemon, as the CNI commands see it. What it refuses is data; anything it throws is a mistake. */
export interface CniHost {
  readonly log: Logger;
  attach(id: string, request: AttachRequest): Promise<Attachment | Refusal>;
  detach(id: string): Promise<Detachment | Refusal>;
  /** The endpoints of this node. */
  endpoints(): readonly Endpoint[];
  readiness(): Health;
}
