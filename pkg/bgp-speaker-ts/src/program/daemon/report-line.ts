/**
 * What the server reports, as a line of the event log says it.
 */

import { describeDownReason } from '../../speaker/down-reason.ts';
import type { SpeakerReport, TransportReport } from '../../transport/server-options.ts';

/** The values of an event. */
export type LineValues = Readonly<Record<string, unknown>>;

/** Gives the values of a report, or undefined for those that are not told: single routes, next hops, states on the way. */
export function reportLine(report: SpeakerReport | TransportReport): LineValues | undefined {
  switch (report.kind) {
    case 'loc-rib-changed':
    case 'next-hops-wanted':
    case 'peer-state-changed':
      return undefined;
    case 'peer-established': {
      const { peerAsn, peerType, holdTimeSeconds, families } = report.negotiated;
      return {
        peer: report.peer,
        peerAsn,
        peerType,
        holdTimeSeconds,
        families: families.map(({ family }) => family),
      };
    }
    case 'peer-down':
      return { peer: report.peer, reason: describeDownReason(report.reason), keptPaths: report.keptPaths };
    case 'peer-attempt-failed':
      return { peer: report.peer, reason: describeDownReason(report.reason) };
    default: {
      const { kind: _kind, ...values } = report;
      return values;
    }
  }
}
