/**
 * The id of a CNI attachment: `<network>:<container id>:<interface>`. None of the three may hold a colon, so it can be taken
 * apart again; and the network is in it, because GC is about one network and a daemon that starts has nothing but its ids.
 */
import { createHash } from 'node:crypto';

/** What identifies an attachment. Source: CNI specification, section 3, and the network's name. */
export interface CniAttachmentKey {
  readonly network: string;
  readonly containerId: string;
  readonly interfaceName: string;
}

const longestNetwork = 80;
/** What of an endpoint's id is left beside the network and two colons. */
const longestTail = 110;
const plain = /^[A-Za-z0-9._:-]*$/;

/** The id. Names that are too long for one, or hold other characters, stand in it as a digest. */
export function cniEndpointId({ network, containerId, interfaceName }: CniAttachmentKey): string {
  const tail = `${containerId}:${interfaceName}`;
  return `${networkPart(network)}:${fits(tail, longestTail) ? tail : digest(tail)}`;
}

/** Whether an id is one of this network. */
export function isOfNetwork(id: string, network: string): boolean {
  return id.startsWith(`${networkPart(network)}:`);
}

function networkPart(network: string): string {
  return fits(network, longestNetwork) ? network : digest(network);
}

function fits(text: string, longest: number): boolean {
  return text.length <= longest && plain.test(text);
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
