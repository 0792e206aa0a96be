/** The session between two speakers, as both ends see it. */
import type { ExplainedSession } from '@weft/control';
import type { Hop } from './hop.ts';
import { type Speaker, sessionsWith } from './speakers.ts';

/** Is there a session, and is it up? */
export function sessionHop(from: Speaker, to: Speaker): Hop {
  const [here] = sessionsWith(from, to);
  const [there] = sessionsWith(to, from);
  const pair = `${from.name} and ${to.name}`;
  const missing = missingEnd(from, to, here) ?? missingEnd(to, from, there);
  if (missing !== undefined) return missing;
  const ends = [here, there].filter((end) => end !== undefined);
  if (ends.length === 0)
    return {
      stage: 'session',
      node: from.name,
      answer: 'unknown',
      says: `neither ${pair} could be asked about their session`,
    };
  // Who asks for it; who opens the connection is told by `explain PEER`.
  const rule = ends[0]?.reason.split('; ')[0];
  if (ends.every(({ state }) => state === 'Established'))
    return {
      stage: 'session',
      node: from.name,
      answer: 'yes',
      says: `${pair} have a session`,
      ...(rule && { rule }),
    };
  return {
    stage: 'session',
    node: from.name,
    answer: 'no',
    says: `the session of ${pair} is not up: ${errorsOf([
      [from, here],
      [to, there],
    ])}`,
    ...(rule && { rule }),
    next: `Both ends in full: weftctl explain ${to.addresses[0] ?? to.name} --from ${from.name}.`,
  };
}

/** One end was asked, and does not have the other for a peer. */
function missingEnd(at: Speaker, other: Speaker, session: ExplainedSession | undefined): Hop | undefined {
  if (at.explanation === undefined || session?.configured === true) return undefined;
  const { noBgp } = at.explanation;
  const reason =
    session?.reason ?? (noBgp === undefined ? 'nothing asks for it' : `${at.name} speaks no BGP: ${noBgp}`);
  return {
    stage: 'session',
    node: at.name,
    answer: 'no',
    says: `${at.name} has no session with ${other.name}: ${reason}`,
    rule: reason,
    next: 'See what asks for sessions: weftctl get bgppeers -o wide, weftctl get bgpconfigurations -o yaml.',
  };
}

function errorsOf(ends: readonly (readonly [Speaker, ExplainedSession | undefined])[]): string {
  return ends
    .map(([speaker, session]) =>
      session === undefined
        ? `${speaker.name} cannot be asked`
        : `${speaker.name} is ${session.state ?? 'Idle'}${session.lastError === undefined ? '' : `, ${session.lastError}`}`,
    )
    .join('; ');
}
