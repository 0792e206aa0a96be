/**
 * Tables with paths, built from attributes as they read.
 */

import { address, prefix, prefixLength } from '@weft/ip';
import { encodeAttributes } from '../../wire/attribute/encode.ts';
import type { PathAttributes } from '../../wire/attribute/path-attributes.ts';
import { toTag } from '../attribute-store.ts';
import { LOCAL_PEER } from '../peer-table.ts';
import type { Rib } from '../rib.ts';
import { Tables, toWords } from '../tables.ts';

/** One path of a test: who sent it, and what it says. */
export interface PathSpec {
  /** Address of the peer, `local` for none. */
  readonly from: string;
  readonly external?: boolean;
  /** BGP Identifier of the peer; default 1. */
  readonly identifier?: number;
  readonly pathId?: number;
  readonly attributes?: PathAttributes;
  /** AS_PATH as one sequence. */
  readonly asPath?: readonly number[];
  /** Next hop; default 10.9.9.9. */
  readonly nextHop?: string;
  readonly metric?: number;
  readonly unreachable?: boolean;
  readonly rejected?: boolean;
}

/** Tables of a test with their IPv4 RIB. */
export class Fixture {
  readonly tables: Tables = new Tables(1);
  readonly rib: Rib = this.tables.ribs['ipv4-unicast'];
  readonly #peers: Map<string, number> = new Map([['local', LOCAL_PEER]]);

  /** Gives the index of a peer, adding it. */
  peer({ from, external = false, identifier = 1 }: PathSpec): number {
    let index = this.#peers.get(from);
    if (index === undefined) {
      index = this.tables.peers.add(address(from));
      this.#peers.set(from, index);
    }
    this.tables.peers.external[index] = external ? 1 : 0;
    this.tables.peers.identifiers[index] = identifier;
    return index;
  }

  /** Gives the id of a prefix, adding it. */
  prefix(text: string): number {
    const [word0, word1, word2, word3] = toWords(prefix(text));
    return this.rib.insertPrefix(word0, word1, word2, word3, prefixLength(prefix(text)));
  }

  /** Interns attributes as an internal peer would send them; one more user. */
  intern(spec: PathSpec): number {
    const { attributes: store, nextHops } = this.tables;
    const key = toKey(spec);
    const id = spec.from === 'local' ? store.internOwn(key) : this.#internReceived(key);
    const hop = nextHops.address(store.nextHopIds[id] as number);
    const { metric = 0, unreachable = false } = spec;
    if (hop !== undefined) nextHops.learn(hop, { reachable: !unreachable, metric });
    return id;
  }

  /** Puts a path into the RIB; gives its row. */
  announce(text: string, spec: PathSpec): number {
    const [id, peer, attributes] = [this.prefix(text), this.peer(spec), this.intern(spec)];
    const { pathId = 0, rejected = false } = spec;
    this.rib.announce(id, peer, pathId, attributes, rejected ? -1 : attributes, rejected ? 1 : 0);
    this.tables.attributes.release(attributes);
    return this.rib.findPath(id, peer, pathId);
  }

  /** Selects everything and ends the selection. */
  settle(): void {
    this.rib.select(Number.POSITIVE_INFINITY);
    this.rib.finish(() => false);
  }

  #internReceived(key: Uint8Array): number {
    const tag = toTag({ fourOctetAsn: true, peerType: 'internal' });
    const found = this.tables.attributes.find(key, 0, key.length, tag);
    return found >= 0 ? found : this.tables.attributes.internOwn(key);
  }
}

function toKey({ from, attributes = {}, asPath = [], nextHop = '10.9.9.9' }: PathSpec): Uint8Array {
  const path = asPath.length === 0 ? [] : [{ kind: 'sequence' as const, asns: asPath }];
  const octets = nextHop.split('.').map(Number);
  const block = encodeAttributes({ origin: 0, asPath: path, ...attributes }, { fourOctetAsn: true });
  const front = from === 'local' ? [0] : [4, ...octets];
  return Uint8Array.from([...front, ...block]);
}
