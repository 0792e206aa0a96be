/**
 * What is recorded of a node: hears the rooms and turns what they say into lines. Of many changes alike it makes one line.
 */
import { createHash } from 'node:crypto';
import type { Announcement, CalcInput, DesiredState, ReflectorInput } from '@weft/calc';
import type { RoutesWritten } from '@weft/dataplane';
import type { Prefix } from '@weft/ip';
import { InputChanges, type LineContent, type ObjectLine } from '@weft/recording';
import type { Logger } from '@weft/telemetry';
import {
  type BestPath,
  type Chronicle,
  type ConfigureOptions,
  describeDownReason,
  type Explanation,
  type HeardEvent,
  type LocRibChange,
  type PeerConfig,
  type SpeakerConfig,
  type SpeakerReport,
  type TransportReport,
} from 'bgp-speaker-ts';
import type { Bgp } from '../bgp/bgp.ts';
import type { Options } from '../options.ts';
import { version } from '../version.ts';
import { kernelLines, type RouteInKernel, routeInKernel } from './kernel-routes.ts';
import { Recorder, type SnapshotLine } from './recorder.ts';

/** The step that decided is asked for where no more prefixes than this change at once: it costs a look at every path. */
const MOST_EXPLAINED = 32;
/** UPDATEs of one peer are one line up to so many bytes. */
const MOST_JOINED_BYTES = 64 * 1024;

/** Where it gets what a snapshot needs. */
export interface NodeRecordOptions {
  readonly options: Options;
  readonly log: Logger;
  readonly bgp: () => Bgp | undefined;
  /** Peers have not sent all their routes since a restart. */
  readonly awaitsRoutes: () => boolean;
  /** What the kernel has of weft's. */
  readonly inKernel: () => Iterable<RouteInKernel>;
}

/** The record of one daemon. */
export class NodeRecord {
  readonly recorder: Recorder;
  readonly #with: NodeRecordOptions;
  readonly #inputs = new InputChanges();
  readonly #isWanted: boolean;
  #announced = new Map<Prefix, Announcement>();
  #held: readonly Announcement[] | undefined;
  #decidedPeers: readonly PeerConfig[] = [];
  /** The peers the speaker has where they are not those that were decided. */
  #keptPeers: readonly PeerConfig[] | undefined;
  #hasDecided = false;
  #chronicle: Chronicle | undefined;
  #speakerSince = 0;
  #restarting = false;
  #joined: Uint8Array[] = [];
  #joinedBytes = 0;
  #joinedOf: Extract<HeardEvent, { kind: 'updates' }>['peer'] | undefined;

  constructor(options: NodeRecordOptions) {
    this.#with = options;
    const { nodeName, recordDirectory, recordMegabytes } = options.options;
    this.#isWanted = recordMegabytes > 0;
    this.recorder = new Recorder({
      directory: recordDirectory,
      maxBytes: recordMegabytes * 1024 * 1024,
      log: options.log,
      begin: {
        node: nodeName,
        nodeDigest: createHash('sha256').update(nodeName).digest('hex'),
        version,
      },
      snapshot: () => this.#snapshot(),
    });
  }

  /** Begins, unless the operator wants none. */
  start(): void {
    if (this.#isWanted) this.recorder.start();
  }

  /** Records nothing from the moment it is called; resolves when the files are closed, or the disk has had its time. */
  async close(): Promise<void> {
    this.#endRun();
    await this.recorder.close();
    this.#chronicle?.close();
  }

  /** Decisions are made from this. To be called before anything follows from them. */
  decides(input: CalcInput, scope: 'everything' | 'endpoints'): void {
    if (this.#isWanted) this.#beginDecision(this.#inputs.changes(input), scope);
  }

  /** The same of a route reflector. */
  decidesReflector(input: ReflectorInput): void {
    if (this.#isWanted) this.#beginDecision(this.#inputs.changesOfReflector(input), 'everything');
  }

  #beginDecision(changes: readonly ObjectLine[], scope: 'everything' | 'endpoints'): void {
    this.#endRun();
    for (const line of changes) this.recorder.add(line);
    this.#hasDecided = true;
    this.#scope = scope;
  }

  #scope: 'everything' | 'endpoints' = 'everything';

  /** This was decided, and this is announced of it: less, or more, while a fuse holds some. */
  decided(
    desired: Pick<DesiredState, 'announcements' | 'speaker'>,
    announcements: readonly Announcement[],
  ): void {
    if (!this.#isWanted) return;
    this.#decidedPeers = desired.speaker.kind === 'bgp' ? desired.speaker.config.peers : [];
    this.#held = announcements === desired.announcements ? undefined : announcements;
    this.recorder.add(this.#decideLine(this.#scope));
    const before = this.#announced;
    this.#announced = new Map(announcements.map((announcement) => [announcement.prefix, announcement]));
    for (const [prefix, { localPref, reason }] of this.#announced) {
      const old = before.get(prefix);
      if (old?.reason !== reason || old.localPref !== localPref)
        this.recorder.add({ kind: 'announced', prefix, reason, localPref });
    }
    for (const prefix of before.keys())
      if (!this.#announced.has(prefix)) this.recorder.add({ kind: 'unannounced', prefix });
  }

  /** The speaker runs from now on. */
  speaks(bgp: Bgp, restarting: boolean): void {
    if (!this.#isWanted) return;
    this.#speakerSince = performance.now();
    this.#restarting = restarting;
    this.recorder.add(this.#speakerLine(restarting));
    this.#chronicle = bgp.chronicle((event, at) => this.#hear(event, at));
  }

  /** The speaker has taken over a configuration: what was decided, or with other peers for a while. */
  configured(config: SpeakerConfig, { withoutCease = [] }: ConfigureOptions): void {
    if (!this.#isWanted) return;
    this.#endRun();
    const isAsDecided = isSamePeers(config.peers, this.#decidedPeers);
    this.#keptPeers = isAsDecided ? undefined : config.peers.map((peer) => this.#withoutKey(peer));
    this.recorder.add({
      kind: 'configure',
      ...(this.#keptPeers !== undefined && { peers: this.#keptPeers }),
      ...(withoutCease.length > 0 && { withoutCease }),
    });
  }

  /** Best paths changed. */
  routesChanged(changes: readonly LocRibChange[]): void {
    if (!this.recorder.isRecording) return;
    this.#endRun();
    const bgp = changes.length <= MOST_EXPLAINED ? this.#with.bgp() : undefined;
    for (const line of bestLines(changes)) {
      const steps = bgp === undefined ? undefined : stepsOf(line.prefixes, (prefix) => bgp.explain(prefix));
      this.recorder.add({ ...line, ...(steps !== undefined && { steps }) });
    }
  }

  /** The kernel has taken routes, or let go of them. */
  wrote({ removed, repaired, written }: RoutesWritten): void {
    if (!this.recorder.isRecording) return;
    for (const line of kernelLines('written', written.map(routeInKernel))) this.recorder.add(line);
    for (const line of kernelLines('repaired', repaired.map(routeInKernel))) this.recorder.add(line);
    for (const { destination, metric } of removed)
      this.recorder.add({ kind: 'kernel', change: 'removed', prefixes: [destination], metric });
  }

  /** The kernel does not take a route. */
  refusedByKernel(prefix: Prefix, metric: number, detail: string): void {
    this.recorder.add({ kind: 'kernel', change: 'failed', prefixes: [prefix], metric, detail });
  }

  /** What the speaker has to tell beside routes. */
  reported(report: SpeakerReport): void {
    const text = refusalText(report);
    if (text !== undefined && 'peer' in report)
      this.recorder.add({ kind: 'refused', event: report.kind, text, peer: report.peer });
  }

  /** What happens on sockets. */
  transport(report: TransportReport): void {
    if (report.kind === 'stranger-refused')
      this.recorder.add({
        kind: 'refused',
        event: report.kind,
        text: `${report.address ?? 'somebody'} connected and is no peer`,
      });
    if (report.kind === 'md5-key-refused')
      this.recorder.add({
        kind: 'refused',
        event: report.kind,
        text: `the kernel did not take the MD5 key of ${report.peer}: ${report.errno}`,
        peer: report.peer,
      });
  }

  #withoutKey(peer: PeerConfig): PeerConfig {
    return peer.password === undefined ? peer : { ...peer, password: this.#inputs.nameOf(peer.password) };
  }

  #hear(event: HeardEvent, at: number): void {
    if (!this.recorder.isRecording) return;
    if (event.kind !== 'updates') {
      this.#endRun();
      this.recorder.add(heardLine(event), at);
      return;
    }
    if (this.#joinedOf !== event.peer || this.#joinedBytes > MOST_JOINED_BYTES) this.#endRun();
    this.#joinedOf = event.peer;
    this.#joined.push(event.bytes.slice());
    this.#joinedBytes += event.bytes.length;
  }

  /** UPDATEs that came in a row are one line. */
  #endRun(): void {
    if (this.#joinedOf !== undefined)
      this.recorder.add({ kind: 'updates', peer: this.#joinedOf, bytes: joined(this.#joined) });
    this.#joinedOf = undefined;
    this.#joined = [];
    this.#joinedBytes = 0;
  }

  #decideLine(scope: 'everything' | 'endpoints'): LineContent {
    return { kind: 'decide', scope, ...(this.#held !== undefined && { held: this.#held }) };
  }

  #speakerLine(restarting: boolean): LineContent {
    const startedAt = Math.round(Date.now() - (performance.now() - this.#speakerSince));
    return { kind: 'speaker', startedAt, restarting };
  }

  /** Everything of this moment. The text of its lines is made when they are taken. */
  #snapshot(): Iterable<SnapshotLine> {
    // What was heard and is not written yet is in the snapshot.
    this.#joinedOf = undefined;
    this.#joined = [];
    this.#joinedBytes = 0;
    const { awaitsRoutes, bgp, inKernel } = this.#with;
    const heard: [HeardEvent, number][] = [];
    this.#chronicle?.snapshot((event, at) => heard.push([event, at]));
    const from = heard[0]?.[1];
    const lines: SnapshotLine[] = this.#inputs.all().map((line) => [line]);
    if (this.#hasDecided) lines.push([this.#decideLine('everything'), from]);
    for (const { localPref, prefix, reason } of this.#announced.values())
      lines.push([{ kind: 'announced', prefix, reason, localPref }]);
    if (this.#chronicle !== undefined)
      lines.push([this.#speakerLine(this.#restarting && awaitsRoutes()), from]);
    if (this.#keptPeers !== undefined) lines.push([{ kind: 'configure', peers: this.#keptPeers }, from]);
    return inOrder(lines, heard, [
      ...bestLines(bgp()?.locRib() ?? []),
      ...kernelLines('written', inKernel()),
    ]);
  }
}

function* inOrder(
  decided: readonly SnapshotLine[],
  heard: readonly (readonly [HeardEvent, number])[],
  outcome: readonly LineContent[],
): Generator<SnapshotLine> {
  yield* decided;
  for (const [event, at] of heard) yield [heardLine(event), at];
  for (const line of outcome) yield [line];
}

function isSamePeers(left: readonly PeerConfig[], right: readonly PeerConfig[]): boolean {
  return (
    left === right || (left.length === right.length && left.every((peer, index) => peer === right[index]))
  );
}

function heardLine(event: HeardEvent): LineContent {
  switch (event.kind) {
    case 'session-up': {
      const { opens, ...rest } = event;
      return { ...rest, sent: base64(opens.sent), received: base64(opens.received) };
    }
    case 'updates':
      return { kind: 'updates', peer: event.peer, bytes: base64(event.bytes) };
    case 'session-down':
      return { ...event, text: describeDownReason(event.reason) };
    default:
      return event;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function joined(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('base64');
}

type BestLine = Extract<LineContent, { kind: 'best' }>;

/** One line for prefixes in a row with the same path. */
function bestLines(changes: readonly LocRibChange[]): BestLine[] {
  const lines: (BestLine & { prefixes: Prefix[] })[] = [];
  for (const { best, prefix } of changes) {
    const last = lines.at(-1);
    if (last !== undefined && isSamePath(last.path, best)) last.prefixes.push(prefix);
    else lines.push({ kind: 'best', path: best, prefixes: [prefix] });
  }
  return lines;
}

function isSamePath(left: BestPath | undefined, right: BestPath | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return (
    left.peer === right.peer &&
    left.localPref === right.localPref &&
    left.med === right.med &&
    left.stale === right.stale &&
    left.source === right.source &&
    left.neighbourAsn === right.neighbourAsn &&
    left.nextHops.length === right.nextHops.length &&
    left.nextHops.every(({ address }, index) => address === right.nextHops[index]?.address)
  );
}

function stepsOf(
  prefixes: readonly Prefix[],
  explain: (prefix: Prefix) => Explanation,
): Record<Prefix, string> | undefined {
  const steps = prefixes.flatMap((prefix) => {
    const lost = explain(prefix).paths.flatMap((path) =>
      path.lost?.kind === 'decision' ? [path.lost.step] : [],
    );
    return lost.length === 0 ? [] : [[prefix, [...new Set(lost)].join(', ')] as const];
  });
  return steps.length === 0 ? undefined : (Object.fromEntries(steps) as Record<Prefix, string>);
}

function refusalText(report: SpeakerReport): string | undefined {
  switch (report.kind) {
    case 'update-fault': {
      const faults = report.faults.map((fault) => JSON.stringify(fault)).join('; ');
      return `a faulty UPDATE of ${report.peer} was treated as ${report.treatment} (RFC 7606): ${faults}`;
    }
    case 'prefix-limit':
      return `${report.peer} has passed its limit of ${report.limit} prefixes`;
    case 'stale-paths-removed':
      return `${report.paths} stale paths of ${report.peer} are gone: ${report.cause}`;
    default:
      return undefined;
  }
}
