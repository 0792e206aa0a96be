/** What an attach is answered with. Pure. */
import { type Attachment, type Refusal, refuse } from '@weft/control';
import type { EndpointSpec, PluggedEndpoint } from '@weft/endpoint';
import { hostPrefix } from '@weft/ip';

/** The answer of an attach that succeeded. */
export function attachmentOf(
  kind: Attachment['kind'],
  id: string,
  spec: EndpointSpec,
  plugged: PluggedEndpoint,
  timing: Attachment['timing'],
): Attachment {
  const addresses = spec.addresses.map(hostPrefix);
  return {
    kind,
    id,
    addresses,
    hostInterface: spec.hostInterface,
    mac: plugged.containerMac,
    mtuBytes: spec.mtuBytes,
    timing,
  };
}

/** Who asked for ports counts on them. */
export function portsNotPublished(id: string, reason: string): Refusal {
  const message = `its ports cannot be published: ${reason}`;
  return refuse('internal', message, id, 'Mend that, then attach it again.');
}

/** Whoever had asked was answered long ago. */
export function abandonedAttach(id: string): Refusal {
  return refuse('unavailable', 'nobody waited for the attach any more', id, 'Attach it again.');
}
