/**
 * An update group: peers that are told the same, in one family. One Adj-RIB-Out, one encoded array for all of them.
 *
 *     changed prefixes ─▶ exporter ─▶ Adj-RIB-Out ─┬─▶ batch ─ encoded once ─▶ members in sync
 *                                                  └─▶ noted ─ encoded for each ─▶ members that catch up
 *
 * A member is never sent routes it is the source of: their messages stand together in the encoded array and are left
 * out (`SourceRange`). Invariant: a member in sync has, after the bytes sent so far, exactly the Adj-RIB-Out without
 * the routes it is the source of; one that catches up will, once it was told its pending prefixes.
 */

import type { PolicyFunction } from '../policy/facts.ts';
import { AdjRibOut, NO_ROUTE } from '../rib/adj-rib-out.ts';
import { NO_PATH } from '../rib/path-table.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import type { Rib } from '../rib/rib.ts';
import type { Tables } from '../rib/tables.ts';
import { type EncodedUpdates, type SourceRange, UpdateBatch } from '../rib/update-batch.ts';
import { UpdatePacker } from '../wire/update-packer.ts';
import type { ExportProfile } from './export-profile.ts';
import type { GroupMember } from './group-member.ts';
import { type LocalInterfaces, RouteExporter } from './route-exporter.ts';

/** A member with more bytes outstanding is detached from the group's stream. */
export const DETACH_BYTES: number = 1 << 20;
/** A member that catches up is sent more when it has at most this many bytes outstanding. */
export const CATCH_UP_BYTES: number = 1 << 16;
/** Prefixes a member is sent in one step of catching up. */
const CATCH_UP_PREFIXES = 8192;
/** Prefixes a new group exports in one step. */
const BUILD_PREFIXES = 32_768;
/**
 * The path identifier of the selected path where no other is told: always the same, so that the next one replaces it. It is the
 * ordinal of some path that the prefix has or had, so a member may move from here to a group that tells all, and back.
 */
const BEST_PATH_ID = 1;
const BEST_ONLY: ReadonlySet<number> = new Set([BEST_PATH_ID]);

/** What a group needs of the speaker. */
export interface GroupHost {
  /** Sends bytes of UPDATEs to a peer. */
  send(peer: number, bytes: Uint8Array): void;
  /** Bytes of a peer that the kernel has not taken, as far as is known. */
  outstandingBytes(peer: number): number;
}

/** Peers that are told the same; see the file comment. */
export class UpdateGroup {
  readonly profile: ExportProfile;
  readonly adjRibOut: AdjRibOut;
  readonly exporter: RouteExporter;
  readonly members: Map<number, GroupMember> = new Map();
  /** Path identifier of what is told where that is the selected path alone; 0 without ADD-PATH. */
  readonly bestPathId: number;
  /** Members that may have to be sent a mark, or a refresh, when they are in sync: few, where members may be thousands. */
  readonly marksDue: Set<GroupMember> = new Set();

  readonly #host: GroupHost;
  readonly #rib: Rib;
  readonly #packer: UpdatePacker;
  readonly #batch: UpdateBatch;
  /** Withdrawals for peers that have become the source of a route they were told before. */
  readonly #returned: UpdateBatch;
  /** Prefixes below this have been exported; the rest follows step by step. */
  #builtTo = 0;
  #complete = false;
  /** Members that catch up; all others are in sync. */
  readonly #detached: Set<GroupMember> = new Set();
  /** Whether slow members were looked for since the last update: most updates have nothing for anybody. */
  #knowsSlowMembers = false;

  constructor(
    profile: ExportProfile,
    tables: Tables,
    host: GroupHost,
    seed: number,
    localInterfaces: LocalInterfaces,
    functions: Readonly<Record<string, PolicyFunction>>,
  ) {
    this.profile = profile;
    this.bestPathId = profile.addPath ? BEST_PATH_ID : 0;
    this.#host = host;
    this.#rib = tables.ribs[profile.family];
    this.adjRibOut = new AdjRibOut(seed);
    this.exporter = new RouteExporter(profile, tables, this.adjRibOut, localInterfaces, functions);
    this.#packer = new UpdatePacker(profile.maxMessageBytes);
    this.#batch = new UpdateBatch(profile.family, profile.addPath);
    this.#returned = new UpdateBatch(profile.family, profile.addPath);
  }

  /** Every prefix has been exported once. */
  get isComplete(): boolean {
    return this.#complete;
  }

  /** Adds a peer; it is told the whole table first. */
  add(member: GroupMember): void {
    this.members.set(member.peer, member);
    this.resend(member);
  }

  /** Removes a peer. */
  remove(member: GroupMember): void {
    this.members.delete(member.peer);
    this.marksDue.delete(member);
    this.#detached.delete(member);
  }

  /** Has a member told everything again when it is in sync, after the next flush at the earliest. */
  noteRefresh(member: GroupMember, form: 'marked' | 'plain'): void {
    member.refreshDue = form;
    this.marksDue.add(member);
  }

  /** Has a member told everything again. */
  resend(member: GroupMember): void {
    this.#detach(member);
    this.marksDue.add(member);
    this.noteAll(member);
  }

  /** Notes for a member every prefix that members like it have been told; it may be a member of another group by now. */
  noteAll(member: GroupMember): void {
    const { routes, sources } = this.adjRibOut;
    const { prefixes } = this.#rib.paths;
    for (let slot = 0; slot < routes.length; slot += 1) {
      if (routes[slot] === NO_ROUTE || sources[slot] === member.peer) continue;
      member.pending.add(this.profile.allPaths ? (prefixes[slot] as number) : slot);
    }
  }

  /** Says whether a member still has to be told about a prefix, by its id. */
  isPending(prefix: number): boolean {
    for (const member of this.#detached) if (member.pending.has(prefix)) return true;
    return false;
  }

  /** Says whether a member is told a prefix, by its id, or will be once it has caught up. */
  tells(member: GroupMember, prefix: number): boolean {
    if (!this.profile.allPaths) return this.#tellsSlot(member, prefix);
    const { paths, firstPaths } = this.#rib;
    let path = firstPaths[prefix] as number;
    while (path !== NO_PATH && !this.#tellsSlot(member, path)) path = paths.next[path] as number;
    return path !== NO_PATH;
  }

  #tellsSlot(member: GroupMember, slot: number): boolean {
    const { routes, sources } = this.adjRibOut;
    return (routes[slot] ?? NO_ROUTE) !== NO_ROUTE && sources[slot] !== member.peer;
  }

  /** Exports what the RIB has just selected, and a further part of the table while the group is new. */
  update(): void {
    this.#knowsSlowMembers = false;
    this.exporter.beginBatch();
    const { prefixes, paths } = this.#rib;
    this.adjRibOut.reserve(this.profile.allPaths ? paths.next.length : prefixes.capacity);
    const { ids, count } = this.profile.allPaths ? this.#rib.selected : this.#rib.changed;
    for (let index = 0; index < count; index += 1) {
      const prefix = ids[index] as number;
      if (this.#complete || prefix < this.#builtTo) this.#export(prefix);
    }
    if (!this.#complete) this.#build();
  }

  /** Sends what `update` found to the members in sync, and the next part to those that catch up. */
  flush(): void {
    if (this.#batch.count > 0) this.#sendStream();
    if (this.#returned.count > 0) this.#sendReturned();
    for (const member of this.#detached) if (this.#canCatchUp(member)) this.#catchUp(member);
  }

  /** Says whether `update` or `flush` has work that waits for nobody. */
  get hasWork(): boolean {
    if (!this.#complete) return true;
    for (const member of this.#detached) if (this.#canCatchUp(member)) return true;
    return false;
  }

  #build(): void {
    const { prefixes } = this.#rib;
    const end = Math.min(prefixes.highWater, this.#builtTo + BUILD_PREFIXES);
    for (let prefix = this.#builtTo; prefix < end; prefix += 1) {
      if (prefixes.isLive(prefix)) this.#export(prefix);
    }
    this.#builtTo = end;
    this.#complete = end === prefixes.highWater;
  }

  #export(prefix: number): void {
    if (this.profile.allPaths) this.#exportAll(prefix);
    else this.#exportBest(prefix);
  }

  #exportBest(prefix: number): void {
    const path = this.#rib.usableBest(prefix);
    const route = path === NO_PATH ? NO_ROUTE : this.exporter.export(path);
    const source = path === NO_PATH ? LOCAL_PEER : (this.#rib.paths.peers[path] as number);
    this.#put(prefix, prefix, this.bestPathId, route, source);
  }

  /** Every path that may be selected is told under its ordinal (RFC 7911 §3). */
  #exportAll(prefix: number): void {
    const { paths, decision } = this.#rib;
    let path = this.#rib.firstPaths[prefix] as number;
    for (; path !== NO_PATH; path = paths.next[path] as number) {
      const route = decision.isSelectable(path) ? this.exporter.export(path) : NO_ROUTE;
      this.#put(path, prefix, paths.ordinals[path] as number, route, paths.peers[path] as number);
    }
  }

  #put(slot: number, prefix: number, pathId: number, route: number, source: number): void {
    const { adjRibOut } = this;
    const before = adjRibOut.routes[slot] as number;
    const sourceBefore = adjRibOut.sources[slot] as number;
    if (!adjRibOut.set(slot, route, source)) return;
    if (!this.#knowsSlowMembers) this.#detachSlowMembers();
    for (const member of this.#detached) member.pending.add(prefix);
    if (this.#detached.size < this.members.size) {
      if (route === NO_ROUTE) this.#batch.add(prefix, pathId, NO_ROUTE, sourceBefore);
      else this.#batch.add(prefix, pathId, route, source);
      const returned = route !== NO_ROUTE && before !== NO_ROUTE && sourceBefore !== source;
      if (returned && this.members.has(source)) this.#returned.add(prefix, pathId, NO_ROUTE, source);
    }
  }

  #sendStream(): void {
    const encoded = this.#batch.encode(this.#packer, this.#rib.prefixes, this.adjRibOut.encoded);
    const bySource = new Map(encoded.ranges.map((range) => [range.source, range]));
    for (const { peer, stream } of this.members.values()) {
      if (stream === 'in-sync') this.#sendWithout(peer, encoded, bySource.get(peer));
    }
  }

  #sendWithout(peer: number, { bytes }: EncodedUpdates, own: SourceRange | undefined): void {
    if (own === undefined) {
      this.#host.send(peer, bytes);
      return;
    }
    if (own.start > 0) this.#host.send(peer, bytes.subarray(0, own.start));
    if (own.end < bytes.length) this.#host.send(peer, bytes.subarray(own.end));
  }

  #sendReturned(): void {
    const { bytes, ranges } = this.#returned.encode(this.#packer, this.#rib.prefixes, this.adjRibOut.encoded);
    for (const { source, start, end } of ranges) {
      if (this.members.get(source)?.stream === 'in-sync') this.#host.send(source, bytes.subarray(start, end));
    }
  }

  #detachSlowMembers(): void {
    this.#knowsSlowMembers = true;
    for (const member of this.members.values()) {
      if (member.stream === 'in-sync' && this.#host.outstandingBytes(member.peer) > DETACH_BYTES) {
        this.#detach(member);
      }
    }
  }

  #detach(member: GroupMember): void {
    this.#detached.add(member);
    member.stream = 'catching-up';
    member.cursor = 0;
  }

  #canCatchUp(member: GroupMember): boolean {
    return this.#complete && this.#host.outstandingBytes(member.peer) <= CATCH_UP_BYTES;
  }

  #catchUp(member: GroupMember): void {
    for (let told = 0; told < CATCH_UP_PREFIXES; told += 1) {
      const prefix = member.takePending();
      if (prefix < 0) break;
      if (this.profile.allPaths) this.#tellAll(member, prefix);
      else this.#tellBest(member, prefix);
    }
    if (this.#batch.count > 0) {
      const { prefixes } = this.#rib;
      this.#host.send(member.peer, this.#batch.encode(this.#packer, prefixes, this.adjRibOut.encoded).bytes);
    }
    if (member.pending.count > 0) return;
    member.fresh = false;
    member.stream = 'in-sync';
    this.#detached.delete(member);
  }

  #tell(member: GroupMember, prefix: number, slot: number, pathId: number): void {
    const route = this.adjRibOut.routes[slot] as number;
    if (route !== NO_ROUTE && this.adjRibOut.sources[slot] !== member.peer) {
      this.#batch.add(prefix, pathId, route, LOCAL_PEER);
    } else if (!member.fresh) this.#batch.add(prefix, pathId, NO_ROUTE, LOCAL_PEER);
  }

  #tellBest(member: GroupMember, prefix: number): void {
    this.#tell(member, prefix, prefix, this.bestPathId);
    // A member that comes from a group that tells all paths has others yet.
    if (this.profile.addPath && !member.fresh) this.#withdrawOthers(prefix, BEST_ONLY);
  }

  #tellAll(member: GroupMember, prefix: number): void {
    const { paths } = this.#rib;
    const told = new Set<number>();
    let path = this.#rib.firstPaths[prefix] as number;
    for (; path !== NO_PATH; path = paths.next[path] as number) {
      const ordinal = paths.ordinals[path] as number;
      told.add(ordinal);
      this.#tell(member, prefix, path, ordinal);
    }
    if (!member.fresh) this.#withdrawOthers(prefix, told);
  }

  /** A path that is gone has no row any more; withdrawing every ordinal that is not in use reaches it all the same. */
  #withdrawOthers(prefix: number, told: ReadonlySet<number>): void {
    const highest = this.#rib.highestOrdinals[prefix] as number;
    for (let ordinal = 1; ordinal <= highest; ordinal += 1) {
      if (!told.has(ordinal)) this.#batch.add(prefix, ordinal, NO_ROUTE, LOCAL_PEER);
    }
  }
}
