/**
 * Structured logs: one JSON object a line, each with a stable event name.
 *
 * Daemons call this; pino formats and sonic-boom writes. The event name (`bgp-peer-established`) is API, like a metric's
 * name: scripts and alerts match it. The message is for people and may change.
 */
import { pino } from 'pino';
import { redact } from './redact.ts';

/** Lines below the chosen level are not written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What belongs to the event, units last in each name (`holdTimeSeconds`). Secrets are removed by field name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes events. Every method takes the event's stable kebab-case name, a sentence, and its fields. */
export interface Logger {
  debug(event: string, message: string, fields?: LogFields): void;
  info(event: string, message: string, fields?: LogFields): void;
  warn(event: string, message: string, fields?: LogFields): void;
  error(event: string, message: string, fields?: LogFields): void;
  /** A logger whose lines all carry `fields` too. */
  child(fields: LogFields): Logger;
  /** Lines lost since the start because the reader of the log did not keep up. */
  droppedLines(): number;
}

/** How a program's log looks and where it goes. */
export interface LoggerOptions {
  /** The program, written into every line. */
  readonly name: string;
  readonly level: LogLevel;
  /** A file descriptor, a file path (appended to), or something that takes lines. Default: standard output. */
  readonly destination?: number | string | { write(line: string): void };
}

/** Lines waiting for a slow reader, in bytes; beyond it new lines are dropped and counted. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/**
 * Makes the log of one program.
 *
 * Writing is asynchronous, because a log reader that stalls must not stop BGP keepalives; what is buffered is flushed
 * when the process exits in order. A disk that is full costs lines, never the program. Throws (ENOENT, EACCES) when a file given by path cannot be opened.
 */
export function createLogger(options: LoggerOptions): Logger {
  const dropped = { lines: 0 };
  const lines = pino(
    {
      name: options.name,
      level: options.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    openDestination(options.destination ?? 1, dropped),
  );
  return wrap(lines, dropped);
}

function openDestination(
  destination: NonNullable<LoggerOptions['destination']>,
  dropped: { lines: number },
): { write(line: string): void } {
  if (typeof destination === 'object') return destination;
  const stream = pino.destination({ dest: destination, sync: false, maxLength: MAX_BUFFERED_BYTES });
  stream.on('drop', () => {
    dropped.lines += 1;
  });
  outliveFailures(stream);
  return stream;
}

/**
 * A disk that takes nothing must not end the program: what could not be written waits for the next line, within the limit. Nor may
 * it keep the program from ending, so nothing is flushed at the exit after a write that failed.
 */
function outliveFailures(stream: ReturnType<typeof pino.destination>): void {
  const flush = stream.flushSync.bind(stream);
  let hasFailed = false;
  stream.on('error', () => {
    hasFailed = true;
  });
  stream.on('write', () => {
    hasFailed = false;
  });
  stream.flushSync = () => {
    if (!hasFailed) flush();
  };
}

function wrap(lines: pino.Logger, dropped: { lines: number }): Logger {
  const at =
    (level: LogLevel) =>
    (event: string, message: string, fields: LogFields = {}): void => {
      if (!lines.isLevelEnabled(level)) return;
      lines[level]({ event, ...(redact(fields) as object) }, message);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(lines.child(redact(fields) as object), dropped),
    droppedLines: () => dropped.lines,
  };
}
