/**
 * NOTIFICATION: why a connection ends, sent right before it is closed.
 *
 * Source: RFC 4271 §4.5, §6; RFC 9003 §2 (shutdown communication), RFC 8538 §3.1 (hard reset).
 */

import type { Notification } from '../error.ts';

/** A NOTIFICATION as received or sent. */
export type NotificationMessage = Notification;
