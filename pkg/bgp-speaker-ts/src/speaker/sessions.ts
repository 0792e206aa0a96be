/**
 * Between the session machines and the routes: what follows from each action of a neighbour's machine.
 */

import type { DownReason, Negotiated, SessionAction, SessionEvent } from '../fsm/types.ts';
import { type Family, toAfiSafi, toFamily } from '../wire/family.ts';
import { CeaseSubcode, ErrorCode, OpenSubcode, RefreshSubtype } from '../wire/iana.ts';
import type { RouteRefreshMessage } from '../wire/message/05-route-refresh.ts';
import type { SpeakerCore } from './core.ts';
import { describeDownReason } from './down-reason.ts';
import { toExportProfile } from './export-profile.ts';
import { toImportProfile } from './import-profile.ts';
import type { EstablishedSession, Neighbour } from './neighbour.ts';
import { describePeer } from './peer-columns.ts';
import { toSessionConfig } from './session-config.ts';
import { endRestart, expireStale, keepOrRemovePaths, removeStale, reviewStalePaths } from './stale-paths.ts';

/** Wait before a session that passed its prefix limit is tried again, unless configured. */
const PREFIX_LIMIT_RESTART_SECONDS = 60;

/** Hands an event to a neighbour's machine and does what it asks for. */
export function dispatch(core: SpeakerCore, neighbour: Neighbour, event: SessionEvent): void {
  for (const action of neighbour.fsm.handle(event, core.now)) perform(core, neighbour, action);
  core.schedule(neighbour);
}

function perform(core: SpeakerCore, neighbour: Neighbour, action: SessionAction): void {
  const peer = neighbour.address;
  switch (action.kind) {
    case 'connect':
      core.emit({ kind: 'connect', peer, connection: action.connection });
      return;
    case 'close':
      neighbour.forgetConnection(action.connection);
      core.emit({ kind: 'close', peer, connection: action.connection });
      return;
    case 'send':
      core.emit({ kind: 'send', peer, connection: action.connection, bytes: action.bytes });
      return;
    case 'established':
      core.flushDue = true;
      establish(core, neighbour, action);
      return;
    case 'update':
      core.flushDue = true;
      receiveUpdate(core, neighbour, action.bytes, action.start, action.end);
      return;
    case 'route-refresh':
      core.flushDue = true;
      receiveRefresh(core, neighbour, action.message);
      return;
    case 'down':
      core.flushDue = true;
      endSession(core, neighbour, action.reason, action.negotiated);
      return;
    case 'attempt-failed':
      neighbour.lastError = describeDownReason(action.reason);
      if (neighbour.config.localAsnDual === true) reconsiderAsn(core, neighbour, action.reason);
      core.emit({ kind: 'peer-attempt-failed', peer, reason: action.reason });
      return;
    case 'state-changed':
      neighbour.state = action.to;
      for (const observer of core.observers) observer.stateChanged?.(neighbour, action.from, action.to);
      neighbour.stateSince = core.now;
      core.emit({ kind: 'peer-state-changed', peer, from: action.from, to: action.to, event: action.event });
      return;
    case 'open-received':
      return;
  }
}

/** RFC 7705 §4.2: a peer that does not take one of our AS numbers is shown the other. */
function reconsiderAsn(core: SpeakerCore, neighbour: Neighbour, reason: DownReason): void {
  if (reason.kind !== 'notification-received') return;
  const { code, subcode } = reason.notification;
  if (code !== ErrorCode.open || subcode !== OpenSubcode.badPeerAs) return;
  neighbour.otherAsn = !neighbour.otherAsn;
  neighbour.fsm.configure(toSessionConfig(core.config, neighbour.config, neighbour.otherAsn));
}

function establish(
  core: SpeakerCore,
  neighbour: Neighbour,
  { connection, negotiated, opens }: Extract<SessionAction, { kind: 'established' }>,
): void {
  const { index, config } = neighbour;
  const { identifiers } = core.tables.peers;
  const formerIdentifier = identifiers[index] as number;
  identifiers[index] = negotiated.peerIdentifier;
  neighbour.establishedCount += 1;
  core.leftQuietly.delete(neighbour.address);
  neighbour.outstandingBytes = 0;
  const { localAddress, localPort = 0, remotePort = 0 } = neighbour.endsOf(connection);
  neighbour.session = {
    connection,
    negotiated,
    opens,
    localAddress,
    localPort,
    remotePort,
    importProfile: toImportProfile(core.config, config, index, negotiated, localAddress, core.functions),
    endOfRibReceived: new Set(),
    limitPassed: new Set(),
    groups: new Map(),
    ending: false,
  };
  describePeer(core, neighbour);
  for (const observer of core.observers) observer.established?.(neighbour, neighbour.session);
  core.emit({ kind: 'peer-established', peer: neighbour.address, negotiated });
  reviewStalePaths(core, neighbour, negotiated, core.config.gracefulRestart, formerIdentifier);
  joinGroups(core, neighbour, neighbour.session);
  dispatch(core, neighbour, { kind: 'restart-state', state: core.restartStateFor(neighbour) });
}

function joinGroups(core: SpeakerCore, neighbour: Neighbour, session: EstablishedSession): void {
  const { negotiated, localAddress } = session;
  for (const { family } of negotiated.families) {
    const profile = toExportProfile(core.config, neighbour.config, family, negotiated, localAddress);
    session.groups.set(family, core.groups.join(neighbour.index, profile));
  }
}

function endSession(
  core: SpeakerCore,
  neighbour: Neighbour,
  reason: DownReason,
  negotiated: Negotiated,
): void {
  const { session } = neighbour;
  for (const place of session?.groups.values() ?? []) core.groups.leave(place);
  neighbour.session = undefined;
  neighbour.outstandingBytes = 0;
  neighbour.lastError = describeDownReason(reason);
  const keptPaths = keepOrRemovePaths(core, neighbour, reason, negotiated, core.config.gracefulRestart);
  if (session !== undefined) {
    for (const observer of core.observers) observer.sessionEnded?.(neighbour, session, reason);
  }
  core.emit({ kind: 'peer-down', peer: neighbour.address, reason, keptPaths });
  expireStale(core, neighbour);
}

function receiveUpdate(
  core: SpeakerCore,
  neighbour: Neighbour,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { session } = neighbour;
  if (session === undefined || session.ending) return;
  neighbour.updatesReceived += 1;
  const result = core.receiver.receive(session.importProfile, bytes, start, end);
  for (const observer of core.observers) {
    observer.updateReceived?.(neighbour, session, bytes, start, end, result);
  }
  switch (result.kind) {
    case 'routes':
      break;
    case 'fault': {
      const { treatment = 'attribute-discard', faults } = result.verdict;
      core.emit({ kind: 'update-fault', peer: neighbour.address, treatment, faults });
      break;
    }
    case 'end-of-rib':
      receiveEndOfRib(core, neighbour, session, result.family);
      break;
    case 'error':
      session.ending = true;
      dispatch(core, neighbour, { kind: 'update-error', error: result.error });
      return;
  }
  if (neighbour.config.maxPrefix !== undefined) checkPrefixLimit(core, neighbour, session);
}

function receiveEndOfRib(
  core: SpeakerCore,
  neighbour: Neighbour,
  session: EstablishedSession,
  family: Family,
): void {
  if (!session.importProfile.families.has(family)) return;
  session.endOfRibReceived.add(family);
  core.emit({ kind: 'end-of-rib-received', peer: neighbour.address, family });
  if (!core.succession.has(neighbour.index)) endRestart(core, neighbour, family, 'end-of-rib');
}

/**
 * RFC 2918 §4, RFC 7313 §4: a request is answered with the whole table, the marks begin and end such an answer. The answer is given by
 * the flush, when the peer has read the last one: neither how often it asks nor how slowly it reads costs memory.
 */
function receiveRefresh(core: SpeakerCore, neighbour: Neighbour, message: RouteRefreshMessage): void {
  const family = toFamily(message.afi, message.safi);
  const { session } = neighbour;
  if (family === undefined || session === undefined) return;
  if (message.subtype === RefreshSubtype.request) resend(neighbour, family);
  else if (session.negotiated.enhancedRouteRefresh)
    receiveMark(core, neighbour, session, family, message.subtype);
}

/** Marks before End-of-RIB are passed over: RFC 7313 §4. What is stale then is so for another reason. */
function receiveMark(
  core: SpeakerCore,
  neighbour: Neighbour,
  session: EstablishedSession,
  family: Family,
  subtype: number,
): void {
  if (session.negotiated.gracefulRestart !== undefined && !session.endOfRibReceived.has(family)) return;
  for (const observer of core.observers) observer.refreshMarked?.(neighbour, family, subtype);
  if (subtype === RefreshSubtype.beginning) {
    core.succession.end(neighbour.index);
    core.tables.ribs[family].markStale(neighbour.index);
  } else if (subtype === RefreshSubtype.ending) endRefresh(core, neighbour, session, family);
}

function endRefresh(
  core: SpeakerCore,
  neighbour: Neighbour,
  session: EstablishedSession,
  family: Family,
): void {
  for (const observer of core.observers) observer.refreshEnding?.(neighbour, session, family);
  removeStale(core, neighbour, family, 'refresh-end');
}

/** Has a neighbour sent all routes of a family again, once it has been sent what is on its way; until then, asking again changes nothing. */
export function resend(neighbour: Neighbour, family: Family): void {
  const { session } = neighbour;
  const place = session?.groups.get(family);
  if (session === undefined || place === undefined) return;
  place.group.noteRefresh(place.member, session.negotiated.enhancedRouteRefresh ? 'marked' : 'plain');
}

function checkPrefixLimit(core: SpeakerCore, neighbour: Neighbour, session: EstablishedSession): void {
  const { maxPrefix } = neighbour.config;
  if (maxPrefix === undefined) return;
  for (const family of session.importProfile.families) {
    const { received } = core.tables.ribs[family].countsOf(neighbour.index);
    if (received <= maxPrefix.prefixes) session.limitPassed.delete(family);
    else if (!session.limitPassed.has(family)) passPrefixLimit(core, neighbour, session, family, received);
  }
}

function passPrefixLimit(
  core: SpeakerCore,
  neighbour: Neighbour,
  session: EstablishedSession,
  family: Family,
  prefixes: number,
): void {
  const { maxPrefix } = neighbour.config;
  if (maxPrefix === undefined || session.ending) return;
  const { prefixes: limit, action, restartSeconds = PREFIX_LIMIT_RESTART_SECONDS } = maxPrefix;
  session.limitPassed.add(family);
  core.emit({ kind: 'prefix-limit', peer: neighbour.address, family, prefixes, limit });
  if (action === 'warn') return;
  session.ending = true;
  const holdSeconds = action === 'stop' ? Number.POSITIVE_INFINITY : restartSeconds;
  const until = action === 'stop' ? 'it stays down' : `again in ${holdSeconds} s`;
  const detail = `more than ${limit} prefixes of ${family}, ${until}`;
  dispatch(core, neighbour, {
    kind: 'reset',
    reason: { subcode: CeaseSubcode.maximumPrefixes, detail, data: prefixLimitData(family, limit) },
    holdSeconds,
  });
}

/** RFC 4486 §4: the data of the Cease is the family and the limit. */
function prefixLimitData(family: Family, limit: number): Uint8Array {
  const { afi, safi } = toAfiSafi(family);
  const data = new Uint8Array(7);
  const view = new DataView(data.buffer);
  view.setUint16(0, afi);
  view.setUint8(2, safi);
  view.setUint32(3, limit);
  return data;
}
