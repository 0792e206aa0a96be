/**
 * Code points of BFD: RFC 5880 §4.1 and the registries at IANA it began.
 */

/** States of a session, from the farthest to the nearest to a working one; the index is the code on the wire. */
export const BFD_STATES = ['AdminDown', 'Down', 'Init', 'Up'] as const;

/** A state of RFC 5880 §6.2. */
export type BfdState = (typeof BFD_STATES)[number];

/** Reasons for the last change of a session's state that this implementation gives: RFC 5880 §4.1. */
export const Diagnostic = {
  none: 0,
  detectionTimeExpired: 1,
  neighborSignaledDown: 3,
  administrativelyDown: 7,
} as const;

const DIAGNOSTIC_NAMES: readonly string[] = [
  'No Diagnostic',
  'Control Detection Time Expired',
  'Echo Function Failed',
  'Neighbor Signaled Session Down',
  'Forwarding Plane Reset',
  'Path Down',
  'Concatenated Path Down',
  'Administratively Down',
  'Reverse Concatenated Path Down',
  'Mis-connectivity Defect',
];

/** Gives the name of a diagnostic code; its number where no name exists. */
export function diagnosticName(code: number): string {
  return DIAGNOSTIC_NAMES[code] ?? `Diagnostic ${code}`;
}

/** UDP ports that control packets are sent to: RFC 5881 §4, RFC 5883 §5. */
export const BfdPort = { singleHop: 3784, multihop: 4784 } as const;

/** Range of UDP ports that control packets come from: RFC 5881 §4. */
export const SOURCE_PORTS = { first: 49_152, last: 65_535 } as const;
