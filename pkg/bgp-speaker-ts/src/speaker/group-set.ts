/**
 * All update groups of a speaker: who belongs where, and the two steps of a flush.
 */

import type { PolicyFunction } from '../policy/facts.ts';
import type { Tables } from '../rib/tables.ts';
import { FAMILIES, type Family, toAfiSafi } from '../wire/family.ts';
import { MessageSize, RefreshSubtype } from '../wire/iana.ts';
import { encodeRouteRefresh } from '../wire/message/05-route-refresh.ts';
import { UpdatePacker } from '../wire/update-packer.ts';
import type { ExportProfile } from './export-profile.ts';
import { GroupMember } from './group-member.ts';
import type { LocalInterfaces } from './route-exporter.ts';
import { type GroupHost, UpdateGroup } from './update-group.ts';

/** What groups of a set have in common. */
export interface GroupSetOptions {
  readonly tables: Tables;
  readonly host: GroupHost;
  readonly seed: number;
  readonly localInterfaces: Readonly<Record<Family, LocalInterfaces>>;
  readonly functions: Readonly<Record<string, PolicyFunction>>;
}

/** A peer's place: the group and its membership. */
export interface Place {
  readonly group: UpdateGroup;
  readonly member: GroupMember;
}

/** Update groups by profile. */
export class GroupSet {
  readonly #options: GroupSetOptions;
  readonly #groups: Map<string, UpdateGroup> = new Map();

  constructor(options: GroupSetOptions) {
    this.#options = options;
  }

  /** Puts a peer with a new session into the group of its profile; it is told everything, then End-of-RIB. */
  join(peer: number, profile: ExportProfile): Place {
    return this.#enter(new GroupMember(peer, true, true), profile);
  }

  /** Moves a peer to the group of another profile: it is told what differs from what it has. */
  move({ group, member }: Place, profile: ExportProfile): Place {
    const moved = new GroupMember(member.peer, false, member.endOfRibDue);
    moved.refreshDue = member.refreshDue;
    moved.refreshEndDue = member.refreshEndDue;
    group.noteAll(moved);
    moved.pending.addAll(member.pending);
    this.leave({ group, member });
    return this.#enter(moved, profile);
  }

  /** Takes a peer out of its group; the last one closes the group. */
  leave({ group, member }: Place): void {
    group.remove(member);
    if (group.members.size === 0) this.#groups.delete(keyOf(group.profile));
  }

  /** Exports what the RIB of a family has just selected. */
  update(family: Family): void {
    for (const group of this.#groups.values()) if (group.profile.family === family) group.update();
  }

  /**
   * Sends what is to be sent.
   *
   * @param complete whether the speaker knows all routes it will have for now, so that End-of-RIB may be sent
   */
  flush(complete: boolean): void {
    for (const group of this.#groups.values()) {
      group.flush();
      for (const member of group.marksDue) this.#sendMarks(group, member, complete);
    }
  }

  /** Says whether a prefix id is still referred to by a member that catches up. */
  isPending(family: Family, prefix: number): boolean {
    for (const group of this.#groups.values()) {
      if (group.profile.family === family && group.isPending(prefix)) return true;
    }
    return false;
  }

  /** Says whether a flush has work that waits for nobody. */
  get hasWork(): boolean {
    for (const group of this.#groups.values()) if (group.hasWork) return true;
    return false;
  }

  /** Groups at present. */
  get groups(): readonly UpdateGroup[] {
    return [...this.#groups.values()];
  }

  #enter(member: GroupMember, profile: ExportProfile): Place {
    const group = this.#find(profile);
    group.add(member);
    return { group, member };
  }

  #find(profile: ExportProfile): UpdateGroup {
    const key = keyOf(profile);
    let group = this.#groups.get(key);
    if (group === undefined) {
      const { tables, host, seed, localInterfaces, functions } = this.#options;
      group = new UpdateGroup(profile, tables, host, seed, localInterfaces[profile.family], functions);
      this.#groups.set(key, group);
    }
    return group;
  }

  /** What a member in sync is to be told beside routes, and the next refresh. */
  #sendMarks(group: UpdateGroup, member: GroupMember, complete: boolean): void {
    if (member.stream !== 'in-sync') return;
    const { family } = group.profile;
    if (member.refreshEndDue) {
      member.refreshEndDue = false;
      this.#options.host.send(member.peer, REFRESH_ENDS[family]);
    }
    if (member.endOfRibDue && complete) {
      member.endOfRibDue = false;
      this.#options.host.send(member.peer, END_OF_RIBS[family]);
    }
    if (member.refreshDue !== undefined) this.#beginRefresh(group, member);
    else if (!member.endOfRibDue) group.marksDue.delete(member);
  }

  /** RFC 7313 §4: no mark before End-of-RIB. */
  #beginRefresh(group: UpdateGroup, member: GroupMember): void {
    const isMarked = member.refreshDue === 'marked';
    if (isMarked && member.endOfRibDue) return;
    member.refreshDue = undefined;
    member.refreshEndDue = isMarked;
    if (isMarked) this.#options.host.send(member.peer, REFRESH_BEGINNINGS[group.profile.family]);
    group.resend(member);
  }
}

/** End-of-RIB of each family: RFC 4724 §2. */
const END_OF_RIBS: Readonly<Record<Family, Uint8Array>> = byFamily((family) => {
  const packer = new UpdatePacker(MessageSize.standard);
  packer.addEndOfRib(family);
  return packer.take();
});

/** The mark before a refresh: RFC 7313 §4. */
const REFRESH_BEGINNINGS: Readonly<Record<Family, Uint8Array>> = byFamily((family) =>
  encodeRouteRefresh({ ...toAfiSafi(family), subtype: RefreshSubtype.beginning }),
);

const REFRESH_ENDS: Readonly<Record<Family, Uint8Array>> = byFamily((family) =>
  encodeRouteRefresh({ ...toAfiSafi(family), subtype: RefreshSubtype.ending }),
);

function byFamily<T>(make: (family: Family) => T): Readonly<Record<Family, T>> {
  return Object.fromEntries(FAMILIES.map((family) => [family, make(family)])) as Record<Family, T>;
}

function keyOf(profile: ExportProfile): string {
  return JSON.stringify(profile);
}
