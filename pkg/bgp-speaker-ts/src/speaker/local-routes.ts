/**
 * The routes this speaker originates: the set that was given, kept in the RIB as paths of peer 0.
 */

import type { Prefix } from '@weft/ip';
import { parseCommunity, parseLargeCommunity } from '../policy/community.ts';
import { NO_PATH } from '../rib/path-table.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import { familyOfPrefix, findPrefix, insertPrefix, type Tables } from '../rib/tables.ts';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import type { LargeCommunity, PathAttributes } from '../wire/attribute/path-attributes.ts';
import type { Family } from '../wire/family.ts';
import { Origin } from '../wire/iana.ts';
import type { LocalRoute } from './config.ts';

/** Local routes by prefix, and the interfaces some of them name. */
export class LocalRoutes {
  /** Interfaces by prefix id. */
  readonly interfaces: Readonly<Record<Family, Map<number, string>>> = {
    'ipv4-unicast': new Map(),
    'ipv6-unicast': new Map(),
  };
  /** The first set has been given. */
  known = false;

  readonly #tables: Tables;
  readonly #routes: Map<Prefix, LocalRoute> = new Map();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Replaces the whole set; a route that is the same object as before costs next to nothing. Throws TypeError for a community that cannot be read. */
  replace(routes: readonly LocalRoute[]): void {
    this.known = true;
    const wanted = new Map(routes.map((route) => [route.prefix, route]));
    for (const prefix of this.#routes.keys()) if (!wanted.has(prefix)) this.#withdraw(prefix);
    for (const route of wanted.values()) if (this.#routes.get(route.prefix) !== route) this.#announce(route);
  }

  #withdraw(prefix: Prefix): void {
    const family = familyOfPrefix(prefix);
    const rib = this.#tables.ribs[family];
    const id = findPrefix(rib.prefixes, prefix);
    this.#routes.delete(prefix);
    this.interfaces[family].delete(id);
    rib.withdraw(id, LOCAL_PEER, 0);
  }

  /** A route that is the same as before changes nothing: the RIB compares attribute ids. */
  #announce(route: LocalRoute): void {
    const family = familyOfPrefix(route.prefix);
    const rib = this.#tables.ribs[family];
    const attributes = this.#intern(toAttributes(route));
    const id = insertPrefix(rib, route.prefix);
    rib.announce(id, LOCAL_PEER, 0, attributes, attributes, 0);
    this.#tables.attributes.release(attributes);
    this.#setInterface(family, id, route.interface);
    this.#routes.set(route.prefix, route);
  }

  /** An interface is no attribute, so a change of it has to be brought to the RIB's notice. */
  #setInterface(family: Family, id: number, name: string | undefined): void {
    const interfaces = this.interfaces[family];
    if (interfaces.get(id) === name) return;
    if (name === undefined) interfaces.delete(id);
    else interfaces.set(id, name);
    const rib = this.#tables.ribs[family];
    const path = rib.findPath(id, LOCAL_PEER, 0);
    if (path !== NO_PATH) rib.touchPath(path);
  }

  /** A local route has no next hop of its own: the key begins with a count of 0. */
  #intern(attributes: PathAttributes): number {
    const block = encodeAttributes(attributes, { fourOctetAsn: true });
    const key = new Uint8Array(1 + block.length);
    key.set(block, 1);
    return this.#tables.attributes.internOwn(key);
  }
}

function toAttributes(route: LocalRoute): PathAttributes {
  return {
    origin: route.origin ?? Origin.igp,
    asPath: [],
    localPref: route.localPref,
    med: route.med,
    communities: route.communities?.map(readCommunity),
    largeCommunities: route.largeCommunities?.map(readLargeCommunity),
  };
}

function readCommunity(text: string): number {
  const community = parseCommunity(text);
  if (community === undefined)
    throw new TypeError(`${JSON.stringify(text)} is no community of the form aa:nn`);
  return community;
}

function readLargeCommunity(text: string): LargeCommunity {
  const community = parseLargeCommunity(text);
  if (community !== undefined) return community;
  throw new TypeError(`${JSON.stringify(text)} is no large community of the form aa:nn:mm`);
}
