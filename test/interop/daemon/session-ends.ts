/**
 * How sessions between a speaker and a daemon end, as either of them tells it.
 */
import { type DownReason, describeDownReason } from 'bgp-speaker-ts';
import { waitFor } from '../../harness/wait-for.ts';
import { hasReceived, type Kind } from './notification-words.ts';
import { DEADLINE_MS, INTERVAL_MS, type Pair } from './pair.ts';
import type { Speaker } from './speaker.ts';

/** Waits until the daemon says that it has received a NOTIFICATION. */
export async function daemonHears({ daemon }: Pair, kind: Kind, text?: string): Promise<void> {
  const hears = async (): Promise<boolean> => hasReceived(daemon, kind, text);
  await waitFor(`the daemon hears ${kind.join('/')} ${text ?? ''}`, hears, DEADLINE_MS, INTERVAL_MS);
}

/** Waits until the speaker has received a NOTIFICATION, with this text. */
export async function speakerHears({ speaker }: Pair, [code, subcode]: Kind, text = ''): Promise<void> {
  const hears = (): boolean =>
    endsOf(speaker).some(
      (reason) =>
        reason.kind === 'notification-received' &&
        reason.notification.code === code &&
        reason.notification.subcode === subcode &&
        describeDownReason(reason).includes(text),
    );
  await waitFor(`the speaker hears ${code}/${subcode} ${text}`, hears, DEADLINE_MS, INTERVAL_MS);
}

/** The speaker has sent a NOTIFICATION. */
export function hasRefused({ speaker }: Pair, [code, subcode]: Kind): boolean {
  return endsOf(speaker).some(
    (reason) =>
      reason.kind === 'notification-sent' &&
      reason.notification.code === code &&
      reason.notification.subcode === subcode,
  );
}

/** How sessions and attempts of a speaker ended. */
function endsOf({ reports }: Speaker): DownReason[] {
  return reports.flatMap((report) =>
    report.kind === 'peer-down' || report.kind === 'peer-attempt-failed' ? [report.reason] : [],
  );
}
