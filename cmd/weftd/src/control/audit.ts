/**
 * What the log keeps of requests: every change with who asked for it, and whoever was turned away. Strangers cannot fill the
 * log: of those that prove nothing one line in ten seconds tells the last, and how many there were.
 */
import type { RequestRecord } from '@weft/control';
import type { Logger } from '@weft/telemetry';

const STRANGERS_MILLISECONDS = 10_000;

/** Writes those lines. */
export class Audit {
  readonly #log: Logger;
  readonly #now: () => number;
  #strangers = 0;
  #quietUntil = 0;

  /** @param now milliseconds on any clock */
  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** A request was answered, or a connection not accepted. */
  heard(record: RequestRecord): void {
    const { access, asker, error, method, operation, path, status } = record;
    if (operation === 'handshake') {
      this.#turnedAway(String(error), path);
      return;
    }
    const { pid: askerPid, ...who } = asker;
    // `pid` is the daemon's own in every line.
    const fields = { operation, path, status, ...who, ...(askerPid !== undefined && { askerPid }) };
    if (status === 403) this.#log.warn('control-forbidden', `${method} ${path} was refused.`, fields);
    else if (access === 'change') this.#log.info('control-change', `${method} ${path}`, fields);
    if (error !== undefined) this.#log.error('control-failed', 'It could not answer.', { ...fields, error });
  }

  #turnedAway(reason: string, from: string): void {
    this.#strangers += 1;
    if (this.#now() < this.#quietUntil) return;
    this.#quietUntil = this.#now() + STRANGERS_MILLISECONDS;
    const fields = { reason, from, connections: this.#strangers };
    this.#log.warn(
      'control-handshake-failed',
      'Somebody without a valid certificate was turned away.',
      fields,
    );
    this.#strangers = 0;
  }
}
