/**
 * What can be wrong with received bytes, as data: nothing in the codec throws for what a peer sends.
 *
 * Two kinds exist. A `SessionError` ends the session and knows the NOTIFICATION that says so. An `AttributeFault`
 * knows what RFC 7606 makes of the UPDATE that carries it, from dropping one attribute to resetting the session, and
 * the NOTIFICATION for the last case.
 */

/** The body of a NOTIFICATION message: RFC 4271 §4.5. */
export interface Notification {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

/** An error after which the session cannot go on, with the NOTIFICATION to send. */
export interface SessionError {
  readonly kind: 'session-error';
  readonly notification: Notification;
  /** What was wrong, for the log, e.g. `OPEN hold time 2 is neither 0 nor at least 3`. */
  readonly detail: string;
}

/**
 * What is done about a faulty UPDATE, from the mildest to the strongest: RFC 7606 §2. The order of `TREATMENTS` is the
 * order of strength.
 */
export type Treatment = 'attribute-discard' | 'treat-as-withdraw' | 'afi-safi-disable' | 'session-reset';

/** Treatments from the mildest to the strongest. */
export const TREATMENTS: readonly Treatment[] = [
  'attribute-discard',
  'treat-as-withdraw',
  'afi-safi-disable',
  'session-reset',
];

/** What is wrong with one attribute. */
export type FaultName =
  | 'overrun'
  | 'flags'
  | 'length'
  | 'value'
  | 'duplicate'
  | 'missing'
  | 'unrecognized-well-known'
  | 'not-allowed-from-external'
  | 'not-allowed-from-four-octet-peer';

/** One fault of one path attribute, and what RFC 7606 makes of it. */
export interface AttributeFault {
  readonly kind: 'attribute-fault';
  /** Type code of the attribute; 0 when not even that could be read. */
  readonly code: number;
  readonly fault: FaultName;
  readonly treatment: Treatment;
  /** Sent when the treatment ends as a session reset. */
  readonly notification: Notification;
}

/** The value of a decoder that can fail: the value, or the error that ends the session. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: SessionError };

const NO_DATA: Uint8Array = new Uint8Array(0);

/** Builds a NOTIFICATION body; data defaults to none. */
export function notification(code: number, subcode: number, data: Uint8Array = NO_DATA): Notification {
  return { code, subcode, data };
}

/** Builds a session error from its NOTIFICATION and what to log. */
export function sessionError(
  code: number,
  subcode: number,
  detail: string,
  data: Uint8Array = NO_DATA,
): SessionError {
  return { kind: 'session-error', notification: { code, subcode, data }, detail };
}

/** Says whether the first treatment is stronger than the second; anything is stronger than none. */
export function isStronger(treatment: Treatment, than: Treatment | undefined): boolean {
  return than === undefined || TREATMENTS.indexOf(treatment) > TREATMENTS.indexOf(than);
}
